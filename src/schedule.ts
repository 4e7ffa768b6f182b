import { StackError } from './errors.ts'
import type { Step } from './steps.ts'

/** How long a step that has begun is given before the run must have ended: most are done in less. */
const LAST_MINUTES_MS = 20 * 60_000

/**
 * When the last step of a run may begin: 20 minutes before its deadline, so that nothing is cut off half-way and what
 * stands can still be told; of a run that has less than an hour, the last third.
 */
export function lastStart(began: Date, deadline: Date): Date {
  const wholeMs = deadline.getTime() - began.getTime()
  return new Date(deadline.getTime() - Math.min(LAST_MINUTES_MS, wholeMs / 3))
}

/** The steps that may start now, in the order of the plan: not started yet, and all they need is done. */
export function readySteps(
  steps: Step[],
  done: { has(id: string): boolean },
  running: { has(id: string): boolean },
): Step[] {
  return steps.filter(({ id, needs }) => !done.has(id) && !running.has(id) && needs.every((need) => done.has(need)))
}

/**
 * @throws StackError of kind `bug` for a plan that could not be carried out: an id twice, a need nobody
 *   meets, or a need that stands later in the plan (so that no circle is possible either)
 */
export function checkPlan(steps: Step[]): void {
  const seen = new Set<string>()
  for (const { id, needs } of steps) {
    if (seen.has(id)) throw new StackError('bug', `The plan has two steps "${id}".`)
    const missing = needs.find((need) => !seen.has(need))
    if (missing !== undefined) {
      throw new StackError('bug', `Step "${id}" needs "${missing}", which does not stand before it in the plan.`)
    }
    seen.add(id)
  }
}
