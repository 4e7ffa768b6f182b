import { StackError } from '../errors.ts'

/** @throws StackError when a plan was reviewed and another one is about to run */
export function throwUnexpected(digest: string, expected: string | undefined): void {
  if (expected === undefined || expected === digest) return
  throw new StackError('preflight', `expected-plan: expected a plan of digest ${expected}, got ${digest}.`, {
    stands: 'Nothing was changed.',
    next: 'What stands has changed since that plan was made: look at the new plan, and run with its digest.',
  })
}
