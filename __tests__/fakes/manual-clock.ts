import type { Clock } from '../../src/clock.ts'

/** A clock that stands until it is told to go on. */
export type ManualClock = Clock & {
  /** Goes on by `ms`, ringing in order, and lets what was rung run before it goes on. */
  advance(ms: number): Promise<void>
}

export function manualClock(settle: () => Promise<void> = settled): ManualClock {
  let now = 0
  const bells = new Set<{ at: number; ring: () => void }>()
  return {
    now: () => now,
    after(ms, ring) {
      const bell = { at: now + ms, ring }
      bells.add(bell)
      return () => bells.delete(bell)
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (;;) {
        const [next] = [...bells].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        now = Math.max(now, next.at)
        bells.delete(next)
        next.ring()
        await settle()
      }
      now = until
    },
  }
}

/** Until all promises that can go on have gone on. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
