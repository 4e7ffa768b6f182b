import type { Clock } from './clock.ts'
import { asStackError, StackError } from './errors.ts'
import type { Lease } from './remote/lease.ts'
import type { Report } from './report/report.ts'
import { checkPlan, readySteps } from './schedule.ts'
import type { Apply, Step } from './steps.ts'

/** How long a step that was told to stop may take for it, before it is left behind. */
const GRACE_MS = 15_000

export type StepsContext = {
  lease: Lease
  report: Report
  signal: AbortSignal
  clock: Clock
  /** After this no new step begins; what runs is awaited. */
  lastStart: Date
}

/**
 * Carries out a plan: a step starts as soon as all it needs is done. After a failure nothing new starts,
 * and what runs is awaited.
 *
 * @throws StackError naming the step: its own kind, `timeout` when its deadline passed or the run's end
 *   is too near for another step, `lease` when the lease was lost, the reason of `signal` when the run was stopped,
 *   `bug` for a plan that cannot be ordered
 */
export async function runSteps(steps: Step[], apply: Apply, context: StepsContext): Promise<void> {
  checkPlan(steps)
  const { lease, report, signal, clock, lastStart } = context
  const done = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const failures: { step: Step; error: StackError }[] = []
  const isLate = () => clock.now() > lastStart.getTime()
  const stop = () => signal.aborted || lease.lost.aborted || failures.length > 0 || isLate()

  const start = (step: Step) => {
    if (done.size + running.size === 0) report.output('changed', 'true')
    const place = { at: steps.indexOf(step) + 1, of: steps.length }
    const work = report
      .step(step.title, () => runStep(step, apply, context), place)
      .then(
        () => void done.add(step.id),
        (thrown: unknown) => void failures.push({ step, error: asStackError(thrown) }),
      )
      .finally(() => running.delete(step.id))
    running.set(step.id, work)
  }

  for (;;) {
    if (!stop()) for (const step of readySteps(steps, done, running)) start(step)
    if (running.size === 0) break
    await Promise.race(running.values())
  }
  if (done.size === steps.length) return
  throw failureOf(steps, done, failures, context)
}

/** One step under its deadline, the lease and the run; a step that does not stop when told to is left after a grace. */
async function runStep(step: Step, apply: Apply, { lease, signal, clock }: StepsContext): Promise<void> {
  const deadline = new AbortController()
  const cancel = clock.after(step.deadlineMs, () => deadline.abort(overdue(step)))
  const stop = AbortSignal.any([lease.lost, signal, deadline.signal])
  const { promise: left, reject: leave } = Promise.withResolvers<never>()
  let cancelGrace = () => {}
  const onStop = () => {
    cancelGrace = clock.after(GRACE_MS, () => leave(stop.reason))
  }
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  try {
    await Promise.race([apply(step.change, lease, stop), left])
  } catch (thrown) {
    throw stop.aborted ? stoppedBy(stop, thrown) : thrown
  } finally {
    cancel()
    cancelGrace()
    stop.removeEventListener('abort', onStop)
  }
}

function overdue(step: Step): StackError {
  return new StackError('timeout', `was not done within ${Math.round(step.deadlineMs / 1000)} s`, {
    next: 'Run the same again: it goes on from what stands.',
  })
}

/** The reason a step was stopped for, with what the step itself said as its cause. */
function stoppedBy(stop: AbortSignal, thrown: unknown): unknown {
  if (!(stop.reason instanceof StackError) || thrown === stop.reason) return stop.reason
  const { kind, message, stands, next } = stop.reason
  return new StackError(kind, message, { ...(stands && { stands }), ...(next && { next }), cause: thrown })
}

function failureOf(
  steps: Step[],
  done: Set<string>,
  failures: { step: Step; error: StackError }[],
  { lease, signal, lastStart }: StepsContext,
): StackError {
  const stands = standing(steps, done)
  const next = 'Run the same again: it goes on from what stands.'
  if (lease.lost.aborted) {
    return new StackError('lease', 'The lease was lost: another run may change this stack now.', {
      stands,
      next: 'Wait until the other run has ended, then run the same again.',
      cause: lease.lost.reason,
    })
  }
  if (signal.aborted) {
    const reason = asStackError(signal.reason)
    return new StackError(reason.kind, reason.message, { stands, next: reason.next ?? next, cause: reason })
  }
  const [first, ...others] = failures
  if (first === undefined) {
    const what = `The run must end soon (input timeout), and after ${lastStart.toISOString()} it begins no new step.`
    return new StackError('timeout', what, {
      stands,
      next: `${next} Give it more time if it has too little each time.`,
    })
  }
  const what = [first, ...others].map(({ step, error }) => `${step.title}: ${error.message}`).join('\n')
  return new StackError(first.error.kind, what, {
    stands: standingAfter(first.error, steps, done),
    next: first.error.next ?? next,
    cause: first.error,
    retry: first.error.retry,
  })
}

/** A part speaks of itself only: what other steps changed before it failed is known here. */
function standingAfter({ stands }: StackError, steps: Step[], done: Set<string>): string {
  if (stands === undefined) return standing(steps, done)
  if (done.size === 0) return stands
  return stands.startsWith('Nothing was changed') ? standing(steps, done) : `${standing(steps, done)} ${stands}`
}

function standing(steps: Step[], done: Set<string>): string {
  const missing = steps.filter((step) => !done.has(step.id))
  return `Done: ${done.size} of ${steps.length} steps. Not done: ${missing.map((step) => step.title).join('; ')}.`
}
