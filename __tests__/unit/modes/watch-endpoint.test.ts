import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Asked, formatPresence, presenceOf, watchEndpoint } from '../../../src/modes/watch-endpoint.ts'
import type { RancherClient } from '../../../src/rancher/client.ts'

const asked = (...oks: boolean[]): Asked[] =>
  oks.map((ok, at) => ({ atMs: at * 1000, answeredAtMs: at * 1000 + 100, ok, said: ok ? '' : 'status 502' }))

test('a gap reaches from the first question that was not answered to the next that was', () => {
  expect(presenceOf(asked(true, false, false, true, true, false, true))).toEqual({
    asked: 7,
    failed: 3,
    longestGapMs: 2100,
    awayMs: 3200,
    said: ['status 502'],
  })
})

test('a gap that has not ended counts to its last question; nothing asked is nothing missed', () => {
  expect(presenceOf(asked(true, false, false))).toMatchObject({ failed: 2, longestGapMs: 1100, awayMs: 1100 })
  expect(presenceOf([])).toEqual({ asked: 0, failed: 0, longestGapMs: 0, awayMs: 0, said: [] })
})

test('whatever was answered, the longest gap is part of all of it, and none without a failure', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (oks) => {
      const { failed, longestGapMs, awayMs } = presenceOf(asked(...oks))
      expect(failed).toBe(oks.filter((ok) => !ok).length)
      expect(longestGapMs).toBeLessThanOrEqual(awayMs)
      expect(awayMs > 0).toBe(failed > 0)
    }),
  )
})

test('it is told in a line', () => {
  expect(formatPresence(presenceOf(asked(true, true)))).toBe(
    'asked 2 times for /ping through the load balancer, each was answered',
  )
  expect(formatPresence(presenceOf(asked(true, false, true)))).toBe(
    'asked 3 times for /ping through the load balancer, 1 were not answered (status 502); away for 1.1 s in all, 1.1 s at the longest',
  )
})

test('it asks until it is closed, and an error is no answer', async () => {
  let calls = 0
  const client = {
    ask: async () => {
      calls += 1
      if (calls === 1) return { status: 200, body: 'pong\n', headers: {} }
      throw new Error('connect ECONNREFUSED')
    },
  } as unknown as RancherClient
  const watch = watchEndpoint(client)
  while (calls < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  await watch[Symbol.asyncDispose]()
  expect(watch.seen()).toMatchObject({ asked: 2, failed: 1, said: ['connect ECONNREFUSED'] })
})
