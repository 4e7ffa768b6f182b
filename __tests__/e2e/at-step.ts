import type { Cancel } from '../runner/step.ts'

/** Cancels a run when the log comes to the heading of a step, or so long after. */
export const atStep = (title: string, thenMs = 0): Cancel => ({
  onLine: new RegExp(`\\] ${title}|::group::${title}`),
  thenMs,
})
