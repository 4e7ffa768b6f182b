import { createHash } from 'node:crypto'
import { readRecord } from '../record.ts'
import { adopt } from './adopt.ts'
import { aws } from './aws/aws.ts'
import { backups } from './backups.ts'
import { badRancher } from './bad-rancher.ts'
import type { Case } from './case.ts'
import { conformance } from './conformance.ts'
import { hosts } from './hosts.ts'
import { kills } from './kills.ts'
import { kubeconfig } from './kubeconfig.ts'
import { leases } from './leases.ts'
import { preflight } from './preflight.ts'
import { pulls } from './pulls.ts'
import { snapshots } from './snapshots.ts'
import { state } from './state.ts'
import { tls } from './tls.ts'
import { upgradeKills } from './upgrade-kills.ts'
import { upgrades } from './upgrades.ts'
import { votes } from './votes.ts'
import { workflow } from './workflow.ts'

/** Cases of one kind, so that a sample is not filled by the kind that has most. */
export const families: Case[][] = [
  leases,
  state,
  adopt,
  hosts,
  kills,
  workflow,
  conformance,
  preflight,
  votes,
  kubeconfig,
  tls,
  pulls,
  backups,
  snapshots,
  aws,
  upgrades,
  badRancher,
  upgradeKills,
]

/** Every end-to-end case beside the life. */
export const pool: Case[] = families.flat()

/** A sample is to add cases to a change's test, not many minutes. */
const LONGEST_SAMPLED_S = 400

/**
 * Cases whose last recorded run passed with all that was in the checkout committed. A sample is drawn from these, so
 * that what it finds is a change and not a case nobody has seen yet; `ONLY=` and `SOAK=1` choose from all.
 */
const seen = new Set(
  readRecord()
    .filter(
      ({ result, commit, seconds }) => result === 'passed' && !commit.endsWith('+') && seconds <= LONGEST_SAMPLED_S,
    )
    .map(({ name }) => name),
)

export const sampled: Case[][] = families
  .map((cases) => cases.filter(({ name }) => seen.has(name)))
  .filter((cases) => cases.length > 0)

/** Of the three uses one is tried with every change; the others are drawn, or run by `SOAK=1`. */
export const always: Case[] = workflow.filter(({ name }) => name.startsWith('example backup.yml'))

export type Choice = { seed: string; count: number; only: string | undefined }

/** The cases of one run: those whose name holds a part of `only` (parts are divided by `;`), else a sample, of each kind in turn; equal seeds choose equal cases. */
export function choose(kinds: Case[][], { seed, count, only }: Choice): Case[] {
  if (only !== undefined) {
    const parts = only.split(';').map((part) => part.trim())
    return kinds.flat().filter((each) => parts.some((part) => each.name.includes(part)))
  }
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
