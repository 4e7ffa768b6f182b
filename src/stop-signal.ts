import type { Clock } from './clock.ts'
import { StackError } from './errors.ts'

/**
 * Aborted when the runner cancels the job (SIGINT, then SIGTERM), or at the deadline. Disposing it ends the watch.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs (7.5 s, then 2.5 s, then kill)
 */
export function stopSignal(deadline: Date, clock: Clock): Disposable & { signal: AbortSignal } {
  const stop = new AbortController()
  const onSignal = (name: string) => stop.abort(stopped(`The run was cancelled (${name}).`))
  const cancel = clock.after(Math.max(0, deadline.getTime() - clock.now()), () =>
    stop.abort(stopped(`The run did not end by its deadline, ${deadline.toISOString()} (input timeout).`)),
  )
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      cancel()
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    },
  }
}

/** `over` rejects with the signal's reason when what was told to stop has not ended `ms` later. */
export function patienceAfter(signal: AbortSignal, ms: number, clock: Clock): Disposable & { over: Promise<never> } {
  const { promise: over, reject } = Promise.withResolvers<never>()
  let cancel = () => {}
  const begin = () => {
    cancel = clock.after(ms, () => reject(signal.reason))
  }
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  return {
    over,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', begin)
      cancel()
    },
  }
}

function stopped(what: string): StackError {
  return new StackError('timeout', what, {
    stands: 'What was done stands; nothing was put back.',
    next: 'Run the same again: it goes on from what stands.',
  })
}
