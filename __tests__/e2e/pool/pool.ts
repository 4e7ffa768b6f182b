import { createHash } from 'node:crypto'
import { adopt } from './adopt.ts'
import type { Case } from './case.ts'
import { conformance } from './conformance.ts'
import { hosts } from './hosts.ts'
import { kills } from './kills.ts'
import { leases } from './leases.ts'
import { state } from './state.ts'
import { workflow } from './workflow.ts'

/** Every end-to-end case beside the life. */
export const pool: Case[] = [...leases, ...state, ...adopt, ...hosts, ...kills, ...workflow, ...conformance]

export type Choice = { seed: string; count: number; only: string | undefined }

/** The cases of one run: those whose name holds `only`, else a sample; equal seeds choose equal cases. */
export function choose(cases: Case[], { seed, count, only }: Choice): Case[] {
  if (only !== undefined) return cases.filter((each) => each.name.includes(only))
  const rank = (each: Case) => createHash('sha256').update(`${seed} ${each.name}`).digest('hex')
  return [...cases].sort((a, b) => rank(a).localeCompare(rank(b))).slice(0, count)
}
