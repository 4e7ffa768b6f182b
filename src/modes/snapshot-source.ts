import { StackError } from '../errors.ts'
import type { TakenSnapshot } from '../kubernetes/distribution.ts'
import type { Run } from '../run.ts'
import type { Source } from '../snapshots/snapshot.ts'
import { hostnameOf } from './prove.ts'
import type { Seen } from './seen.ts'

/**
 * What a snapshot to be kept is made of: what the distribution took, and what was seen of the stack around it.
 *
 * @throws StackError of kind `snapshot` when nobody knows which cluster it is of
 */
export function snapshotSource(run: Run, seen: Seen, taken: TakenSnapshot): Source {
  const { infrastructure, cluster, rancher } = seen
  const clusterUid = taken.clusterUid ?? cluster.uid
  if (clusterUid === undefined) {
    throw new StackError('snapshot', 'The snapshot is of an unknown cluster: no node tells the UID of kube-system.', {
      next: 'Run mode status, and see what the nodes answer.',
    })
  }
  const { release } = rancher
  const { stack, run: id } = run.settings
  return {
    stack,
    run: id,
    takenAt: taken.takenAt,
    clusterUid,
    hostname: taken.asked?.hostname ?? hostnameOf(run, seen) ?? '',
    caFingerprint: taken.caFingerprint,
    distribution: { name: cluster.distribution ?? 'rke', snapshot: taken.name },
    versions: {
      kubernetes: taken.kubernetesVersion ?? cluster.version,
      rancher: release?.deployed?.chartVersion,
      chart: release && `${release.chart}-${release.chartVersion}`,
    },
    nodes: infrastructure.nodes.map(({ name, address, privateAddress }) => ({ name, address, privateAddress })),
    members: taken.members,
    asked: taken.asked,
    file: taken.file,
    fileSha256: taken.sha256,
    etcdFile: taken.etcdFile,
    state: taken.state,
    values: release?.values,
  }
}
