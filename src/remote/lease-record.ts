import { quorum } from '../quorum.ts'

/** Who holds a lease. `session` tells two processes of the same run apart. */
export type Holder = { owner: string; ownerName: string; run: string; attempt: number; session: string }

/** What lease.json on a node says. A released lease stays, without a holder, so that the node keeps its vote. */
export type LeaseRecord = {
  /** Seconds since the node's boot at which it was written. */
  uptimeAtRenewal: number
  bootId: string
  generation: number
  /** The members it was taken over, by name. */
  members: string[]
  holder: Holder | null
  /**
   * Written where nothing gave the node a vote, and not renewed since. Its holder is heeded, but it is no vote yet:
   * who wrote it may not have won, and then takes it back.
   */
  isTentative?: true
}

/** What one node answered, with its own clock. `content` is the file's text, empty when there is none. */
export type Found = { node: string; content: string; uptimeS: number; bootId: string }

/** A lease lives this long after its last renewal; who takes over waits longer by the grace. */
export const LIFE_S = 60
export const GRACE_S = 30

export type LeaseVerdict =
  | { kind: 'free' }
  | { kind: 'held'; holder: Holder; ageS: number; node: string }
  /** Nobody renews it any more, but these held it and may have left work running. */
  | { kind: 'expired'; holders: Holder[] }

/** Whether a lease may be taken, by what the nodes that answer say; `session` is the asker's own. */
export function judgeLease(found: Found[], session: string): LeaseVerdict {
  const others = found.flatMap((one) => {
    const holder = parseRecord(one.content)?.holder
    return holder == null || holder.session === session ? [] : [{ holder, ageS: ageOf(one), node: one.node }]
  })
  const [youngest] = others.toSorted((a, b) => a.ageS - b.ageS)
  if (youngest === undefined) return { kind: 'free' }
  if (youngest.ageS <= LIFE_S + GRACE_S) return { kind: 'held', ...youngest }
  const holders = new Map(others.map(({ holder }) => [holder.session, holder]))
  return { kind: 'expired', holders: [...holders.values()] }
}

/**
 * Seconds since the renewal by the node's own clock, which nobody sets. After a reboot it is at least the time since
 * the boot; a record of another boot can only be older than that.
 */
function ageOf({ content, uptimeS, bootId }: Found): number {
  const record = parseRecord(content)
  if (record === undefined) return Number.POSITIVE_INFINITY
  return record.bootId === bootId ? uptimeS - record.uptimeAtRenewal : uptimeS
}

/** undefined for what is not a record, whatever else lies in the folder. */
export function parseRecord(content: string): LeaseRecord | undefined {
  try {
    const value: unknown = JSON.parse(content)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is LeaseRecord {
  if (typeof value !== 'object' || value === null) return false
  const { generation, members, uptimeAtRenewal, bootId, holder } = value as Partial<LeaseRecord>
  return (
    Number.isInteger(generation) &&
    Array.isArray(members) &&
    typeof uptimeAtRenewal === 'number' &&
    typeof bootId === 'string' &&
    (holder === null || typeof holder?.session === 'string')
  )
}

/** Whether the node may vote. What it lost, or never had, only a holder can give it, not one who would be it. */
export function isVoter(content: string): boolean {
  const record = parseRecord(content)
  return record !== undefined && record.isTentative !== true
}

/** Whether it says that somebody other than `session` holds the lease. */
export function isOthers(content: string, session: string): boolean {
  const holder = parseRecord(content)?.holder
  return holder != null && holder.session !== session
}

/**
 * Whether it is left from a lease that a later one has taken the place of: who holds that one has a majority of the same
 * members, so nobody can renew this.
 */
export function isOutvoted(content: string, { lists, generation }: { lists: string[][]; generation: number }): boolean {
  const record = parseRecord(content)
  if (record === undefined || record.generation >= generation) return false
  return lists.map(keyOf).includes(keyOf(record.members))
}

/** Stand in a rendered record for what only the node knows when it writes it. */
export const UPTIME_MARK = '"@UPTIME@"'
export const BOOT_MARK = '@BOOT@'

export type Wanted = Pick<LeaseRecord, 'generation' | 'members' | 'holder'>

/** One line; the node puts its clock in. */
export function renderRecord({ generation, members, holder }: Wanted, isTentative = false): string {
  return JSON.stringify({
    uptimeAtRenewal: JSON.parse(UPTIME_MARK),
    bootId: BOOT_MARK,
    generation,
    members,
    holder,
    ...(isTentative ? { isTentative } : {}),
  })
}

/** The first record a run writes on a node that said `content`. */
export function renderVote(wanted: Wanted, content: string): string {
  return renderRecord(wanted, !isVoter(content))
}

/** The distinct lists of members that stand on the nodes that answer. */
export function recordedLists(found: Found[]): string[][] {
  const lists = found.flatMap(({ content }) => {
    const record = parseRecord(content)
    return record === undefined ? [] : [record.members]
  })
  return [...new Map(lists.map((list) => [keyOf(list), list])).values()]
}

/** The same for two lists of the same members. */
const keyOf = (list: string[]): string => list.toSorted().join()

/** Whether the votes are a majority of each list, so that two holders would have a voter in common. */
export function hasMajority(lists: string[][], votes: string[]): boolean {
  return lists.every((list) => list.filter((member) => votes.includes(member)).length >= quorum(list.length))
}

/** "run 42, attempt 1, of acme/infra" */
export function formatHolder({ run, attempt, ownerName }: Holder): string {
  return `run ${run}, attempt ${attempt}, of ${ownerName}`
}
