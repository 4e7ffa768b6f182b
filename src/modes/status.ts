import { StackError, throwRefusals } from '../errors.ts'
import type { Outcome, StatusRun } from '../run.ts'
import { proveStack } from './prove.ts'
import { openStack } from './stack.ts'
import { caseOf, describeCase } from './stack-case.ts'

/** A stopped node must not hold up the answer. */
const ANSWER_MS = 20_000

/** Asks the running stack, once, for each sentence of the recommended architecture; changes nothing. */
export async function status(run: StatusRun): Promise<Outcome> {
  await using stack = await openStack(run)
  const seen = await run.report.step('Look at what stands', () => stack.inspect())
  throwRefusals(seen.infrastructure.refusals)
  const found = caseOf(seen, stack.distribution)
  if (found.kind === 'absent' && seen.infrastructure.nodes.length === 0) throw nothingThere(run)
  const { what, next } = describeCase(found)
  run.report.line(what)
  if (next !== undefined) run.report.next({ text: next })
  if (found.kind === 'all-lost') throw allLost(what, next)
  await proveStack(run, stack, seen, { rounds: 1, deadlineMs: ANSWER_MS })
  return { changed: false }
}

function nothingThere({ settings }: StatusRun): StackError {
  const { name, ownerName } = settings.stack
  return new StackError('preflight', `There is no stack "${name}" of ${ownerName} here.`, {
    stands: 'Nothing of ours stands.',
    next: 'Look whether name and provider are right, or run mode install.',
  })
}

/** No node has anything of the cluster that is remembered: there is nothing to ask. */
function allLost(what: string, next: string | undefined): StackError {
  return new StackError('preflight', what, {
    stands: 'What the stack remembers outside its nodes stands.',
    ...(next !== undefined && { next }),
  })
}
