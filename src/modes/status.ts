import type { Outcome, StatusRun } from '../run.ts'
import { proveStack } from './prove.ts'
import { openStack } from './stack.ts'

/** A stopped node must not hold up the answer. */
const ANSWER_MS = 20_000

/** Asks the running stack, once, for each sentence of the recommended architecture; changes nothing. */
export async function status(run: StatusRun): Promise<Outcome> {
  await using stack = await openStack(run)
  const seen = await run.report.step('Look at what stands', () => stack.inspect())
  await proveStack(run, stack, seen, { rounds: 1, deadlineMs: ANSWER_MS })
  return { changed: false }
}
