import type { ListedSnapshot, Retention } from './snapshot.ts'

type Candidate = Pick<ListedSnapshot, 'name' | 'clusterUid' | 'takenAt' | 'doubted'>

/** Sound ones of another cluster that nothing removes: a wrongly new, empty cluster must not outlive the old one. */
const KEPT_OF_ANOTHER = 2
const KEPT_OF_THIS = 1
const DAY_MS = 86_400_000
/** Two runners' clocks may differ by so much. */
const SKEW_MS = 300_000

/**
 * Which of the snapshots of one place may go. Each cluster is counted by itself. The one just made never goes, nor the
 * newest sound ones of any cluster, nor one whose time is still to come: whoever took it had another clock, and what is
 * its age cannot be told. After a doubted one nothing goes.
 *
 * @returns the oldest first
 */
export function expired<T extends Candidate>(
  listed: T[],
  current: Candidate,
  { keepLast, keepDays }: Retention,
  now: Date,
): T[] {
  if (current.doubted || (keepLast === undefined && keepDays === undefined)) return []
  const past = listed.filter(({ takenAt }) => takenAt.getTime() <= now.getTime() + SKEW_MS)
  const old = past.filter((one) => {
    if (one.name === current.name) return false
    const newer = past.filter((other) => other.clusterUid === one.clusterUid && isSoundAndNewer(other, one)).length
    const guarded = one.clusterUid === current.clusterUid ? KEPT_OF_THIS : KEPT_OF_ANOTHER
    if (!one.doubted && newer < guarded) return false
    const isAmongLast = keepLast !== undefined && newer < keepLast
    const isYoung = keepDays !== undefined && now.getTime() - one.takenAt.getTime() < keepDays * DAY_MS
    return !isAmongLast && !isYoung
  })
  return old.toSorted(byAge).toReversed()
}

/** The newest first; of equal times, by name, so that every run sees the same order. */
export function byAge(one: Candidate, other: Candidate): number {
  return other.takenAt.getTime() - one.takenAt.getTime() || (one.name < other.name ? 1 : -1)
}

function isSoundAndNewer(other: Candidate, one: Candidate): boolean {
  return !other.doubted && other.name !== one.name && byAge(other, one) < 0
}
