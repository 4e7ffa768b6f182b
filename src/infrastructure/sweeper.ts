import type { Change } from '../steps.ts'

/** One thing whose time is over. */
export type Leftover = {
  /** "stack preview-12", "door of stack rancher" */
  what: string
  /** Why it may go. */
  reason: string
  ageMs: number
  deadlineMs: number
  change: Change
}

/** Finds and takes away what nobody waits for any more, of every stack of one owner. */
export interface Sweeper {
  /** Reads, changes nothing. `left` says why what resembles a leftover stays. */
  find(): Promise<{ leftovers: Leftover[]; left: string[] }>
  /** Takes one of its leftovers away; nothing of a stack that another run has claimed meanwhile. */
  remove(change: Change, signal: AbortSignal): Promise<void>
}
