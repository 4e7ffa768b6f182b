import type { Run } from '../run.ts'
import type { Settings, SnapshotSettings } from '../settings.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Stack } from './stack.ts'

/** The stack's snapshots in the places the run names; what they lie in is asked at first use. */
export async function openSnapshots(
  { settings, report, folder }: Run<Extract<Settings, { snapshots: SnapshotSettings }>>,
  { tools }: Pick<Stack, 'tools'>,
): Promise<Snapshots> {
  const { createSnapshots } = await import('../snapshots/snapshots.ts')
  const { stack, snapshots } = settings
  return createSnapshots({
    stack,
    settings: snapshots,
    etcd: () => tools.etcd(),
    folder,
    log: (line) => report.line(line),
  })
}
