import { createHash } from 'node:crypto'
import { adopt } from './adopt.ts'
import { backups } from './backups.ts'
import type { Case } from './case.ts'
import { conformance } from './conformance.ts'
import { hosts } from './hosts.ts'
import { kills } from './kills.ts'
import { leases } from './leases.ts'
import { snapshots } from './snapshots.ts'
import { state } from './state.ts'
import { workflow } from './workflow.ts'

/** Cases of one kind, so that a sample is not filled by the kind that has most. */
export const families: Case[][] = [leases, state, adopt, hosts, kills, workflow, conformance, backups, snapshots]

/** Every end-to-end case beside the life. */
export const pool: Case[] = families.flat()

/**
 * Cases that have been seen to pass in the lab. A sample is drawn from these, so that what it finds is a change and
 * not a case nobody has run yet; `ONLY=` and `SOAK=1` choose from all.
 */
const SEEN = [
  'two installs at once: one works, the other fails with kind lease',
  'all state folders deleted on a live cluster: recovered, no container restarted',
  'provider hosts on the same machines: the same cluster, nothing to do',
  'a stack that remembers a cluster and has none is refused, not made anew',
  'provider hosts, bare machines: the same outcome',
  'preflight tells all that forbids an install at once, and changes nothing',
]

export const sampled: Case[][] = families
  .map((cases) => cases.filter(({ name }) => SEEN.includes(name)))
  .filter((cases) => cases.length > 0)

export type Choice = { seed: string; count: number; only: string | undefined }

/** The cases of one run: those whose name holds `only`, else a sample, of each kind in turn; equal seeds choose equal cases. */
export function choose(kinds: Case[][], { seed, count, only }: Choice): Case[] {
  if (only !== undefined) return kinds.flat().filter((each) => each.name.includes(only))
  const shuffled = shuffle(kinds, seed, ([first]) => first?.name ?? '').map((cases) => shuffle(cases, seed, nameOf))
  const rounds = Math.max(0, ...shuffled.map((cases) => cases.length))
  const inTurn = Array.from({ length: rounds }, (_, round) => shuffled.flatMap((cases) => cases[round] ?? []))
  return inTurn.flat().slice(0, count)
}

function shuffle<T>(list: T[], seed: string, key: (item: T) => string): T[] {
  const rank = (item: T) =>
    createHash('sha256')
      .update(`${seed} ${key(item)}`)
      .digest('hex')
  return list.toSorted((a, b) => rank(a).localeCompare(rank(b)))
}

const nameOf = (each: Case) => each.name
