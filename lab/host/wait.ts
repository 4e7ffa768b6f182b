import { setTimeout } from 'node:timers/promises'

/**
 * Waits until a condition holds, asking every `everyMs`.
 *
 * @throws Error that names what was waited for, once `deadlineMs` have passed.
 */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  { deadlineMs = 30_000, everyMs = 100 } = {},
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs / 1000} s for ${what}, in vain.`)
    await setTimeout(everyMs)
  }
}
