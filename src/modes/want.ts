import type { InstallRun } from '../run.ts'
import { type Seen, type Wanted, wantedCluster } from './seen.ts'
import type { Stack } from './stack.ts'

/** What is asked, made exact by what stands: a version not given is the running one, else the tested one. */
export async function want({ settings, signal }: InstallRun, stack: Stack, seen: Seen): Promise<Wanted> {
  const needsCertManager = settings.rancher.tls.source !== 'secret'
  const images = (await stack.tools.images()).filter((image) => needsCertManager || image.for !== 'cert-manager')
  const cluster = wantedCluster(settings, seen.infrastructure, images)
  const surroundings = {
    kubernetesVersion: seen.cluster.version ?? settings.kubernetesVersion,
    distribution: seen.cluster.distribution ?? settings.distribution,
    helmVersion: settings.tools.helmVersion,
  }
  return {
    infrastructure: { nodeCount: settings.nodeCount, hostname: settings.hostname },
    cluster,
    rancher: await stack.rancher.want(seen.rancher, surroundings, signal),
  }
}
