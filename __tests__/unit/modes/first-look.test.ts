import { expect, test } from '@jest/globals'
import type { ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import { firstLook } from '../../../src/modes/first-look.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import type { Run } from '../../../src/run.ts'

/** A stack that is seen in these states one after the other, and what the run waited for. */
function lookAt(states: ClusterFacts['state'][], { wasWhole = true, upgrading = false, stepMs = 0 } = {}) {
  let looks = 0
  const inspect = async () => {
    const state = states[Math.min(looks, states.length - 1)]
    looks += 1
    return {
      infrastructure: { memory: {} },
      cluster: { state, uid: wasWhole ? 'uid' : undefined },
      rancher: noRancher(new Date(0)),
    } as unknown as Seen
  }
  const distribution = { restoring: () => undefined, upgrading: () => (upgrading ? {} : undefined) }
  const waits: string[] = []
  const report = {
    step: (_title: string, work: () => unknown) => work(),
    waitingFor: (what: string) => void waits.push(what),
  }
  const clock = { now: () => looks * stepMs }
  const { signal } = new AbortController()
  const run = { report, clock, signal } as unknown as Run
  const seen = firstLook(run, { inspect, distribution } as unknown as Stack)
  return { seen, waits, looks: () => looks }
}

test('a cluster that was whole and whose API servers say nothing is looked at again', async () => {
  const { seen, waits } = lookAt(['unfinished', 'running'])
  expect((await seen).cluster.state).toBe('running')
  expect(waits).toEqual(['an API server to answer'])
})

test('after a minute it is as it looks', async () => {
  const { seen, looks } = lookAt(['unfinished'], { stepMs: 31_000 })
  expect((await seen).cluster.state).toBe('unfinished')
  expect(looks()).toBe(2)
})

test.each([
  ['a first install that was cut off', { wasWhole: false }],
  ['an upgrade that was cut off', { upgrading: true }],
])('%s is gone on with at once', async (_name, more) => {
  const { seen, waits } = lookAt(['unfinished', 'running'], more)
  expect((await seen).cluster.state).toBe('unfinished')
  expect(waits).toEqual([])
})
