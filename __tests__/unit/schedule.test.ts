import { expect, test } from '@jest/globals'
import { checkPlan, lastStart, readySteps } from '../../src/schedule.ts'
import type { Step } from '../../src/steps.ts'

const MINUTE = 60_000
const step = (id: string, needs: string[] = []): Step => ({
  id,
  title: id,
  deadlineMs: MINUTE,
  needs,
  change: { room: 'kubernetes', kind: id },
})

test.each([
  [300, 280],
  [60, 40],
  [30, 20],
  [0, 0],
])('the last step of a run of %d min begins after at most %d', (whole, last) => {
  expect(lastStart(new Date(0), new Date(whole * MINUTE))).toEqual(new Date(last * MINUTE))
})

test('a step is ready when all it needs is done, and it neither runs nor is done', () => {
  const steps = [step('a'), step('b'), step('c', ['a']), step('d', ['a', 'b'])]
  const ready = (done: string[], running: string[]) =>
    readySteps(steps, new Set(done), new Set(running)).map(({ id }) => id)
  expect(ready([], [])).toEqual(['a', 'b'])
  expect(ready([], ['a'])).toEqual(['b'])
  expect(ready(['a'], ['b'])).toEqual(['c'])
  expect(ready(['a', 'b'], [])).toEqual(['c', 'd'])
  expect(ready(['a', 'b', 'c'], ['d'])).toEqual([])
})

test('a plan is carried out only when every step finds what it needs before it', () => {
  expect(() => checkPlan([])).not.toThrow()
  expect(() => checkPlan([step('a'), step('b', ['a']), step('c', ['a', 'b'])])).not.toThrow()
  const bug = (message: string) => expect.objectContaining({ kind: 'bug', message })
  expect(() => checkPlan([step('a'), step('a')])).toThrow(bug('The plan has two steps "a".'))
  const late = 'Step "b" needs "a", which does not stand before it in the plan.'
  expect(() => checkPlan([step('b', ['a']), step('a')])).toThrow(bug(late))
  expect(() => checkPlan([step('a'), step('b', ['a', 'x'])])).toThrow(
    bug('Step "b" needs "x", which does not stand before it in the plan.'),
  )
})
