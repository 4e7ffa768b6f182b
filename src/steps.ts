import { createHash } from 'node:crypto'
import type { Lease } from './remote/lease.ts'

/** A change is plain data: a plan can be printed, compared and hashed. `room` says who carries it out. */
export type Change = {
  room: 'infrastructure' | 'kubernetes' | 'rancher' | 'snapshots' | 'modes'
  kind: string
  [detail: string]: unknown
}

/** One change of a plan, in the order of the plan. */
export type Step = {
  /** Stable between runs of the same plan ("create-node-2"). */
  id: string
  /** Verb phrase, used unchanged in plan, log, summary and error ("Create node-2"). */
  title: string
  deadlineMs: number
  /** Ids of steps that must be done before; steps that need nothing of each other run together. */
  needs: string[]
  change: Change
}

/** Carries out one change; idempotent. Aborted by `signal` when the deadline or the lease ends. */
export type Apply = (change: Change, lease: Lease, signal: AbortSignal) => Promise<void>

/** SHA-256 over a plan: equal plans have equal digests. */
export function planDigest(plan: Step[]): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex')
}
