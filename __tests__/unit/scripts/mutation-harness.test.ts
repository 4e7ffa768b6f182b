import { expect, test } from '@jest/globals'
import * as harness from '../../../scripts/mutation/harness.ts'

const all = { isWanted: () => true, bail: false, begins: () => {} }
const collected = (define: () => void) => harness.collect('file', async () => define())

test('every test of a file runs with the hooks around it, and tells whether it failed', async () => {
  const events: string[] = []
  const suite = await collected(() => {
    harness.beforeAll(() => events.push('before all'))
    harness.beforeEach(() => events.push('before'))
    harness.afterEach(async () => events.push('after'))
    harness.afterAll(() => events.push('after all'))
    harness.test('one', () => events.push('one'))
    harness.describe('inner', () => {
      harness.beforeEach(() => events.push('inner before'))
      harness.test('two', async () => {
        throw new Error('broken')
      })
    })
  })
  const outcomes = await harness.runSuite(suite, all)
  expect(outcomes).toMatchObject([
    { id: 'file › one', failure: undefined },
    { id: 'file › inner › two', failure: 'broken' },
  ])
  expect(events).toEqual([...['before all', 'before', 'one', 'after', 'before', 'inner before', 'after', 'after all']])
  expect(await harness.runSuite(suite, all)).toHaveLength(2)
})

test('an assertion that does not hold is a failure, in a table of cases too', async () => {
  const suite = await collected(() => {
    harness.test.each([
      [1, 1],
      [1, 2],
    ])('%d is %d', (one, other) => harness.expect(one).toBe(other))
    harness.test.each(['a'])('%s', (text) => harness.expect(text).toBe('a'))
  })
  const outcomes = await harness.runSuite(suite, all)
  expect(outcomes.map(({ id, failure }) => [id, failure === undefined])).toEqual([
    ['file › 1 is 1', true],
    ['file › 1 is 2', false],
    ['file › a', true],
  ])
})

test('tests of the same name have ids of their own', async () => {
  const suite = await collected(() => {
    for (let copy = 0; copy < 3; copy += 1) harness.test('x', () => {})
  })
  const outcomes = await harness.runSuite(suite, all)
  expect(outcomes.map(({ id }) => id)).toEqual(['file › x', 'file › x (2)', 'file › x (3)'])
})

test('only what is wanted runs, and it ends at the first failure when it may', async () => {
  const suite = await collected(() => {
    for (const name of ['a', 'b', 'c']) {
      harness.test(name, () => {
        throw new Error(name)
      })
    }
  })
  const wanted = await harness.runSuite(suite, { ...all, isWanted: (id) => id.endsWith('b') })
  expect(wanted.map(({ failure }) => failure)).toEqual(['b'])
  expect(await harness.runSuite(suite, { ...all, bail: true })).toHaveLength(1)
})

test('what is broken before or after the tests is a failure of theirs', async () => {
  const broken = () => {
    throw new Error('broken')
  }
  const before = await collected(() => {
    harness.beforeAll(broken)
    harness.test('a', () => {})
    harness.describe('inner', () => harness.test('b', () => {}))
  })
  expect((await harness.runSuite(before, all)).map(({ failure }) => failure)).toEqual(['broken', 'broken'])
  for (const hook of [harness.afterAll, harness.afterEach, harness.beforeEach]) {
    const suite = await collected(() => {
      hook(broken)
      harness.test('a', () => {})
    })
    expect((await harness.runSuite(suite, all)).map(({ failure }) => failure)).toEqual(['broken'])
  }
})

test('it is told which test runs', async () => {
  const told: (string | undefined)[] = []
  const suite = await collected(() => harness.test('a', () => {}))
  await harness.runSuite(suite, { ...all, begins: (id) => told.push(id) })
  expect(told).toEqual(['file › a', undefined])
})
