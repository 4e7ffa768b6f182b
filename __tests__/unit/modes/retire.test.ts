import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Infrastructure } from '../../../src/infrastructure/infrastructure.ts'
import { refuseRetire, throwStillIn } from '../../../src/modes/retire.ts'
import { type Seen, wantedNodes } from '../../../src/modes/seen.ts'
import { tries } from '../remedies/tries.ts'

/** A cluster of so many nodes, of which some are not well and some too many. */
function seen(count: number, { broken = [], surplus = [] }: { broken?: number[]; surplus?: number[] } = {}): Seen {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const name = (number: number) => `node-${number}`
  return {
    infrastructure: { nodes: numbers.map((number) => ({ name: name(number) })), surplus: surplus.map(name) },
    cluster: {
      state: 'running',
      nodes: numbers.map((number) => ({ name: name(number) })),
      etcd: numbers.map((number) => ({ node: name(number), healthy: !broken.includes(number) })),
    },
  } as unknown as Seen
}

test('nodes that are too many leave while all others are healthy; one of theirs may be broken', () => {
  expect(refuseRetire(seen(5))).toEqual([])
  expect(refuseRetire(seen(5, { surplus: [4, 5] }))).toEqual([])
  expect(refuseRetire(seen(5, { surplus: [4, 5], broken: [5] }))).toEqual([])
})

test('with another member broken nobody leaves, and it is said which, and how to go on', () => {
  expect(refuseRetire(seen(4, { surplus: [4], broken: [2] }))).toEqual([
    {
      kind: 'preflight',
      subject: 'node-count',
      what: 'node-4 can leave only while all others are healthy members of etcd; not well: node-2.',
      next: 'Run install with node-count 5 first: it mends them. Then run this again.',
    },
  ])
})

test('nobody leaves unless those that stay are all well, and so have a quorum of their own', () => {
  const counts = fc.tuple(fc.constantFrom(3, 4, 5, 7), fc.constantFrom(1, 3, 5))
  fc.assert(
    fc.property(counts, fc.uniqueArray(fc.integer({ min: 1, max: 7 })), ([count, kept], broken) => {
      fc.pre(kept < count)
      const surplus = Array.from({ length: count - kept }, (_, index) => kept + index + 1)
      const staysWell = Array.from({ length: kept }, (_, index) => index + 1).every((one) => !broken.includes(one))
      expect(refuseRetire(seen(count, { surplus, broken })).length === 0).toBe(staysWell)
    }),
  )
})

test('a machine does not go while its node is part of the cluster', () => {
  expect(() => throwStillIn(seen(5, { surplus: [5] }))).toThrow('node-5 did not leave the cluster')
  const after = seen(3)
  expect(() =>
    throwStillIn({ ...after, infrastructure: { ...after.infrastructure, surplus: ['node-5'] } }),
  ).not.toThrow()
})

test('nodes that are too many are not among those asked for', () => {
  const { nodes, surplus } = seen(5, { surplus: [4, 5] }).infrastructure
  const facts: Pick<Awaited<ReturnType<Infrastructure['inspect']>>, 'nodes' | 'surplus'> = {
    nodes,
    surplus: surplus ?? [],
  }
  expect(wantedNodes(facts, 3).map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3'])
})

tries('preflight', [
  [
    'Run install with node-count … first: it mends them. Then run this again.',
    () => refuseRetire(seen(4, { surplus: [4], broken: [2] })),
    () => refuseRetire(seen(4, { surplus: [4] })),
  ],
])

tries('kubernetes', [
  [
    'Run the same again: it goes on from what stands.',
    () => throwStillIn(seen(5, { surplus: [5] })),
    () => throwStillIn({ ...seen(3), infrastructure: { ...seen(3).infrastructure, surplus: ['node-5'] } }),
  ],
])
