import type { Probe, Verdict } from '../conformance/probe.ts'
import type { ListedSnapshot } from '../snapshots/snapshot.ts'
import { formatAge } from './tell-restore.ts'

type Question = {
  /** Those that are kept, newest first. */
  list(signal: AbortSignal): Promise<ListedSnapshot[]>
  maxAgeMs: number
  /** UID of the cluster they must be of; undefined: nobody knows it. */
  clusterUid: string | undefined
  now: Date
}

/** Whether there is a sound snapshot that is young enough: what of a backup that nobody runs any more is seen first. */
export function snapshotAge({ list, maxAgeMs, clusterUid, now }: Question): Probe {
  return {
    id: 'snapshot-age',
    sentence: `The newest sound snapshot is not older than ${formatAge(maxAgeMs)}.`,
    deadlineMs: 60_000,
    async ask(signal) {
      const listed = await list(signal)
      const ours = listed.filter((one) => !one.doubted && (clusterUid === undefined || one.clusterUid === clusterUid))
      return judgeAge(ours, maxAgeMs, now)
    },
  }
}

/** Pure. @param sound snapshots that are not doubted, in any order */
export function judgeAge(sound: Pick<ListedSnapshot, 'name' | 'takenAt'>[], maxAgeMs: number, now: Date): Verdict {
  const newest = sound.toSorted((one, other) => other.takenAt.getTime() - one.takenAt.getTime())[0]
  if (newest === undefined) return { ok: false, evidence: 'there is no sound snapshot of this cluster' }
  const ageMs = now.getTime() - newest.takenAt.getTime()
  return { ok: ageMs <= maxAgeMs, evidence: `${newest.name}, taken ${formatAge(ageMs)} ago` }
}
