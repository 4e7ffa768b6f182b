import { setTimeout as sleep } from 'node:timers/promises'

/** How often, how many at most, and how long at most. */
export type Bounds = { everyMs: number; count: number; seconds: number }

/** No test has a reason to go further. */
const LIMITS = { everyMs: 20, count: 100_000, seconds: 3_600 }

/** @throws Error for a load that is no steady and bounded one */
export function throwUnbounded({ everyMs, count, seconds }: Bounds): void {
  if (!(everyMs >= LIMITS.everyMs)) throw new Error(`load: every ${everyMs} ms is too often`)
  if (!(count > 0 && count <= LIMITS.count)) throw new Error(`load: ${count} are too many`)
  if (!(seconds > 0 && seconds <= LIMITS.seconds)) throw new Error(`load: ${seconds} s are too long`)
}

/** Does one thing after another at a steady pace, until a bound is reached or it is stopped; one that is late delays the next. */
export async function atPace(bounds: Bounds, stop: AbortSignal, act: (turn: number) => Promise<void>): Promise<void> {
  throwUnbounded(bounds)
  const { everyMs, count, seconds } = bounds
  const endsAt = performance.now() + seconds * 1_000
  let dueAt = performance.now()
  for (let turn = 0; turn < count; turn += 1) {
    const waitMs = dueAt - performance.now()
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted || performance.now() > endsAt) return
    dueAt = Math.max(dueAt, performance.now()) + everyMs
    await act(turn)
  }
}
