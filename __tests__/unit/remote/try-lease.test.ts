import { expect, test } from '@jest/globals'
import type { Found, LeaseRecord } from '../../../src/remote/lease-record.ts'
import { chooseWay } from '../../../src/remote/try-lease.ts'

const abc = ['a', 'b', 'c']

/** What a node says; `undefined` for one that has no record. */
function says(node: string, change?: Partial<LeaseRecord>): Found {
  const record = { uptimeAtRenewal: 1, bootId: 'boot', generation: 1, members: abc, holder: null, ...change }
  return { node, content: change === undefined ? '' : JSON.stringify(record), uptimeS: 1000, bootId: 'boot' }
}

test('a majority of the recorded members votes, and then gives its vote to those that lost theirs', () => {
  const [a, b, c, d] = [says('a', {}), says('b', {}), says('c'), says('d')]
  expect(chooseWay([a, b, c, d], { members: abc })).toEqual({
    first: [a, b],
    next: [c],
    needed: [abc],
    lists: [abc, abc],
    settle: false,
  })
})

test('with fewer records all members must answer and vote, after whoever might still hold the lease', () => {
  const found = [says('a', {}), says('b'), says('c')]
  const way = { first: found, next: [], needed: [['a'], ['b'], ['c']], lists: [abc, abc], settle: true }
  expect(chooseWay(found, { members: abc })).toEqual(way)
  expect(chooseWay(found.slice(0, 2), { members: abc })).toEqual({
    short: 'a majority of its nodes must answer and know of it; c did not answer, and b has no record of it',
  })
})

test('a first install waits for nobody', () => {
  expect(
    chooseWay(
      abc.map((node) => says(node)),
      { members: abc },
    ),
  ).toMatchObject({ lists: [abc], settle: false })
})

test('what is tentative is no vote, and its list of members nobody’s, but somebody may hold by it', () => {
  const grown = { isTentative: true as const, members: ['a', 'b', 'c', 'd', 'e'] }
  const [a, b, c] = [says('a', {}), says('b', {}), says('c', grown)]
  expect(chooseWay([a, b, c], { members: abc })).toMatchObject({ first: [a, b], next: [c], needed: [abc] })
  const found = [says('a', grown), says('b', grown), says('c')]
  expect(chooseWay(found, { members: abc })).toMatchObject({ first: found, lists: [abc], settle: true })
})

test('where all others are fenced those that answer suffice', () => {
  const found = [says('a')]
  expect(chooseWay(found, { members: abc, allowMinority: true })).toMatchObject({ first: found, lists: [['a']] })
})
