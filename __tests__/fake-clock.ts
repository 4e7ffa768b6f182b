import type { Clock } from '../src/clock.ts'

/** A clock that stands still until it is told to pass. */
export function fakeClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = Date.UTC(2026, 0, 1)
  let alarms: { at: number; ring: () => void }[] = []
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    after(ms, ring) {
      const alarm = { at: now + ms, ring }
      alarms.push(alarm)
      return () => {
        alarms = alarms.filter((other) => other !== alarm)
      }
    },
    async pass(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const [next] = alarms.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
        if (next === undefined) break
        alarms = alarms.filter((alarm) => alarm !== next)
        now = next.at
        next.ring()
        await settle()
      }
      now = end
    },
  }
}
