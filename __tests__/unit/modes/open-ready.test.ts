import { expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import type { Api } from '../../../src/kubernetes/distribution.ts'
import { openReady } from '../../../src/modes/open-ready.ts'

const API = {} as Api
const notReady = new StackError('kubernetes', 'no API server is ready (node-1: readyz answered 500)', { retry: true })
const { signal } = new AbortController()

/** Answers with these one after the other, and a clock that goes so far at each. */
function opening(answers: (Api | Error)[], stepMs = 0) {
  let tries = 0
  const open = async () => {
    const answer = answers[Math.min(tries, answers.length - 1)] as Api | Error
    tries += 1
    if (answer instanceof Error) throw answer
    return answer
  }
  const clock = { now: () => tries * stepMs, after: () => () => {} }
  return { opened: openReady(open, clock, signal), tries: () => tries }
}

test('an API server that is not ready yet is asked again', async () => {
  expect(await opening([notReady, API]).opened).toBe(API)
})

test('not for ever', async () => {
  const { opened, tries } = opening([notReady], 31_000)
  await expect(opened).rejects.toBe(notReady)
  expect(tries()).toBe(2)
})

test('where there is no cluster there is nothing to wait for', async () => {
  const none = new StackError('kubernetes', 'there is no cluster on these nodes')
  const { opened, tries } = opening([none, API])
  await expect(opened).rejects.toBe(none)
  expect(tries()).toBe(1)
})
