import type { Refusal } from '../errors.ts'
import type { BackupSettings } from '../settings.ts'
import { formatPlace } from '../snapshots/places.ts'
import type { Step } from '../steps.ts'
import { refuseNotRunning } from './refuse-not-running.ts'
import type { Seen } from './seen.ts'

const MINUTE_MS = 60_000

/** The steps of a backup. Pure. @param hasSigner whether the stack has its key already */
export function planBackup({ snapshots, retention }: BackupSettings, hasSigner: boolean): Step[] {
  const places = snapshots.places.map(formatPlace).join(', ')
  const isPruned = retention.keepLast !== undefined || retention.keepDays !== undefined
  const steps: Step[] = [
    step('keep-signer', 'Make the key this stack signs its snapshots with', 2),
    step('take-snapshot', 'Take a snapshot of etcd', 30),
    step('keep-snapshot', `Verify it, seal it, and store it in ${places}`, 120),
    step('prune-nodes', 'Remove older snapshots of ours from the nodes', 5),
    step('prune-places', `Remove from ${places} what is no longer kept`, 10),
  ]
  const planned = steps.filter(({ id }) => (id !== 'keep-signer' || !hasSigner) && (id !== 'prune-places' || isPruned))
  return planned.map((one, index) => ({ ...one, needs: planned.slice(index - 1, index).map(({ id }) => id) }))
}

function step(kind: string, title: string, minutes: number): Step {
  const room = kind === 'keep-snapshot' || kind === 'prune-places' ? 'snapshots' : 'kubernetes'
  return { id: kind, title, deadlineMs: minutes * MINUTE_MS, needs: [], change: { room, kind } }
}

/** What stands against a backup: only a cluster that serves can be compared with its snapshot. */
export function refuseBackup({ cluster, infrastructure }: Seen): Refusal[] {
  return [...infrastructure.refusals, ...refuseNotRunning(cluster)]
}

/** What a person should know before it is done. */
export function warnings({ snapshots: { places, recipients } }: Pick<BackupSettings, 'snapshots'>): string[] {
  if (recipients.length > 0) return []
  return [
    `The snapshot is stored unencrypted in ${places.map(formatPlace).join(', ')}: whoever can read it has every key of the cluster. Set backup-recipients.`,
  ]
}
