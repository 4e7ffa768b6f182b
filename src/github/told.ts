import type { SummaryData } from '../report/summary.ts'
import type { Mode } from '../settings.ts'

/** How the stack of a run stands, as a reader of its pull request sees it. */
export type Standing = 'working' | 'ready' | 'planned' | 'failed' | 'unwanted' | 'gone'

/** What is told on GitHub of one run. */
export type Told = {
  mode: Mode
  standing: Standing
  /** Why the run did nothing after all, or why the stack is gone; undefined when the standing says all. */
  reason: string | undefined
  summary: SummaryData
}

/** The standing a run ends in. Pure. */
export function standingAfter(mode: Mode, dryRun: boolean, { error }: Pick<SummaryData, 'error'>): Standing {
  if (error !== undefined) return 'failed'
  if (dryRun) return 'planned'
  return mode === 'destroy' ? 'gone' : 'ready'
}
