import type { Clock } from '../clock.ts'

/** Resolves after `ms`, or as soon as `signal` is aborted; the caller looks at the signal itself. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  signal?.addEventListener('abort', () => resolve(), { once: true })
  if (signal?.aborted) resolve()
  await promise
  cancel()
}
