import { standsCertManager } from '../rancher/cert-manager.ts'
import type { InstallRun } from '../run.ts'
import type { BundleImage, ImageUse } from '../tools/bundle.ts'
import { type Seen, type Wanted, wantedCluster } from './seen.ts'
import type { Stack } from './stack.ts'

/** What is asked, made exact by what stands: a version not given is the running one, else the tested one. */
export async function want({ settings, signal }: InstallRun, stack: Stack, seen: Seen): Promise<Wanted> {
  const bundled = await imagesFor(stack, { ingress: { tls: { source: settings.rancher.tls.source } } })
  const awaited = awaitedUses(seen)
  const images = bundled.map((image) => ({ ...image, awaited: awaited.includes(image.for) }))
  const surroundings = {
    kubernetesVersion: seen.cluster.version ?? settings.kubernetesVersion,
    distribution: seen.cluster.distribution ?? settings.distribution,
    helmVersion: settings.tools.helmVersion,
  }
  const rancher = await stack.rancher.want(seen.rancher, surroundings, signal)
  const pulls = images.length > 0 ? [] : await stack.rancher.imagesAhead(seen.rancher, rancher, signal)
  return {
    infrastructure: { nodeCount: settings.nodeCount, hostname: settings.hostname },
    cluster: { ...wantedCluster(settings, seen.infrastructure, images), pulls },
    rancher,
  }
}

/** What is still to be installed on Kubernetes. */
function awaitedUses({ rancher }: Pick<Seen, 'rancher'>): ImageUse[] {
  return [
    ...(standsCertManager(rancher) ? [] : ['cert-manager' as const]),
    ...(rancher.release === undefined ? ['rancher' as const] : []),
  ]
}

/** What an air-gap bundle holds for a Rancher of these values: cert-manager only where it makes the certificate. */
export async function imagesFor(
  { tools }: Pick<Stack, 'tools'>,
  values: Record<string, unknown> | undefined,
): Promise<BundleImage[]> {
  const { ingress } = (values ?? {}) as { ingress?: { tls?: { source?: unknown } } }
  const needsCertManager = ingress?.tls?.source !== 'secret'
  return (await tools.images()).filter((image) => needsCertManager || image.for !== 'cert-manager')
}
