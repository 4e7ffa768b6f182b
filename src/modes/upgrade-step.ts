import type { Change, Step } from '../steps.ts'

/** What the steps of an upgrade tell who carries them out: names and versions; everything else is read when it is done. */
export type UpgradeChange = Change &
  (
    | { room: 'snapshots'; kind: 'point-of-return' }
    | { room: 'kubernetes'; kind: 'rotate-certificates' }
    | { room: 'kubernetes'; kind: 'upgrade-images'; node: string; version: string }
    | { room: 'kubernetes'; kind: 'upgrade-cluster'; version: string }
    | { room: 'kubernetes'; kind: 'keep-asked' }
    | { room: 'rancher'; kind: 'upgrade-cert-manager'; version: string }
    | { room: 'rancher'; kind: 'upgrade-rancher'; version: string }
    /** The recommended architecture, several times in a row. */
    | { room: 'modes'; kind: 'prove-between' }
    | ReplaceChange
  )

/** One node gives way to a new machine; `nodes` are those the stack has then. */
export type ReplaceChange = Change &
  (
    | { room: 'kubernetes'; kind: 'join-node' | 'leave-node'; node: string; nodes: string[]; version: string }
    | { room: 'kubernetes'; kind: 'drain-node'; node: string }
    /** As `prove-between`, on these nodes alone; sentences that are open are not asked for. */
    | { room: 'modes'; kind: 'prove-nodes'; nodes: string[]; open: string[] }
    | { room: 'modes'; kind: 'move-lease'; nodes: string[] }
  )

const MINUTE_MS = 60_000

/** @param change what is asked for; by default all that is recommended */
export function proveStep(
  id: string,
  change: UpgradeChange & { room: 'modes' } = { room: 'modes', kind: 'prove-between' },
): Step {
  return upgradeStep(id, 'Prove the recommended architecture, several times in a row', 20, change)
}

export function upgradeStep(id: string, title: string, minutes: number, change: UpgradeChange): Step {
  return { id, title, deadlineMs: minutes * MINUTE_MS, needs: [], change }
}
