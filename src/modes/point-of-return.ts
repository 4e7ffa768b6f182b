import type { Upgrading } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { UpgradeRun } from '../run.ts'
import { readEtcdSnapshot } from '../snapshots/etcd-snapshot.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import { liveOf, throwUnkept } from './backup-work.ts'
import { templateNow } from './before-leg.ts'
import { signerOf } from './last-snapshot.ts'
import type { Seen } from './seen.ts'
import { snapshotSource } from './snapshot-source.ts'
import type { Stack } from './stack.ts'
import { formatAge } from './tell-restore.ts'
import { tellKept } from './tell-snapshot.ts'

/**
 * Whether an upgrade that was begun is gone on with, and its point of return with it. One that left the stack whole, and
 * whose point is too old to go back to, is over: what stands now is where the next one begins. Pure.
 *
 * @param isWhole nothing is half-done, and every sentence holds
 */
export function isContinued(
  begun: Upgrading | undefined,
  { isWhole, now, restoreWindowMs }: { isWhole: boolean; now: Date; restoreWindowMs: number },
): begun is Upgrading {
  if (begun === undefined) return false
  const ageMs = now.getTime() - Date.parse(begun.point.takenAt)
  return !isWhole || ageMs <= restoreWindowMs
}

type Where = { stack: Stack; snapshots: Snapshots; seen: Seen; wanted: { hostname: string }; isWhole: boolean }

/**
 * The point of return: a snapshot of what stands before anything is changed, verified, kept off the nodes, and written
 * down on them; or that of the run this one continues.
 *
 * @throws StackError of kind `snapshot` when it is no good, or a place did not take it
 */
export async function pointOfReturn(
  run: UpgradeRun,
  { stack, snapshots, seen, wanted: { hostname }, isWhole }: Where,
  lease: Lease,
  stop: AbortSignal,
): Promise<Upgrading> {
  const { settings, report, clock } = run
  const { distribution } = stack
  const { restoreWindowMs, verify } = settings
  const now = new Date(clock.now())
  const begun = distribution.upgrading(seen.cluster)
  if (isContinued(begun, { isWhole, now, restoreWindowMs })) {
    const age = formatAge(now.getTime() - Date.parse(begun.point.takenAt))
    report.line(
      `Run ${begun.run} began this upgrade: its point of return ${begun.point.from}, taken ${age} ago, stays.`,
    )
    return begun
  }
  const call = { run: settings.run, judge: readEtcdSnapshot }
  const taken = await distribution.takeSnapshot(call, stack.hosts, lease, stop)
  const signer = await signerOf(stack, lease)
  const keeping = { signer, live: await liveOf(stack, seen), verify, acceptDrop: false }
  const kept = await snapshots.keep(snapshotSource(run, seen, taken), keeping, stop)
  tellKept(report, kept)
  throwUnkept(kept, 'upgrade')
  await distribution.spreadSnapshot(taken, stack.hosts, lease, stop)
  const [etcd] = (await distribution.progress(stack.hosts)).flatMap((node) => node.etcd ?? [])
  const upgrading: Upgrading = {
    point: {
      snapshot: taken.name,
      sha256: taken.sha256,
      clusterUid: kept.manifest.clusterUid,
      takenAt: taken.takenAt.toISOString(),
      from: kept.manifest.name,
    },
    run: `${settings.run.id}-${settings.run.attempt}`,
    before: seen.cluster.asked,
    versions: {
      kubernetes: seen.cluster.version,
      rancher: seen.rancher.release?.deployed?.chartVersion,
      certManager: seen.rancher.certManager.release?.deployed?.chartVersion,
      etcd,
    },
    template: await templateNow(stack, hostname),
  }
  await distribution.keepUpgrading(upgrading, stack.hosts, lease)
  return upgrading
}
