import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is there; the deadline's error tells what was waited for and why not yet. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + deadlineMs
  let last: unknown = 'the answer was no'
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s`, { cause: last })
    await sleep(1_000)
  }
}
