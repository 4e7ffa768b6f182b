import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { byAge, expired } from '../../../src/snapshots/retention.ts'
import type { Retention } from '../../../src/snapshots/snapshot.ts'

type One = { name: string; clusterUid: string; takenAt: Date; doubted: boolean }

const DAY_MS = 86_400_000
const START = Date.parse('2026-01-01T03:00:00Z')
const night = (number: number) => new Date(START + number * DAY_MS)
const one = (clusterUid: string, number: number, doubted = false): One => ({
  name: `${clusterUid}-${number}`,
  clusterUid,
  takenAt: night(number),
  doubted,
})

/** Carries out one night: what is there then, and what of it is left. */
function after(listed: One[], current: One, retention: Retention, now: Date): One[] {
  const all = [...listed, current]
  const gone = new Set(expired(all, current, retention, now).map(({ name }) => name))
  return all.filter(({ name }) => !gone.has(name))
}

const names = (listed: One[]) => listed.map(({ name }) => name)

test('without retention nothing goes', () => {
  const listed = [one('a', 0), one('a', 1)]
  expect(after(listed, one('a', 900), { keepLast: undefined, keepDays: undefined }, night(900))).toHaveLength(3)
})

test('the last so many stay, counted for each cluster', () => {
  const listed = [one('a', 1), one('a', 2), one('a', 3), one('b', 1), one('b', 2), one('b', 3)]
  const left = after(listed, one('a', 4), { keepLast: 2, keepDays: undefined }, night(4))
  expect(names(left)).toEqual(['a-3', 'b-2', 'b-3', 'a-4'])
})

test('with both, either keeps', () => {
  const listed = [one('a', 1), one('a', 8), one('a', 9)]
  expect(names(after(listed, one('a', 10), { keepLast: 1, keepDays: 3 }, night(10)))).toEqual(['a-8', 'a-9', 'a-10'])
  expect(names(after(listed, one('a', 10), { keepLast: 4, keepDays: 1 }, night(10)))).toHaveLength(4)
})

test('days alone let go what is so old to the day, and nothing younger', () => {
  const retention = { keepLast: undefined, keepDays: 3 }
  const nearly = { ...one('a', 7), takenAt: new Date(night(7).getTime() + 1), name: 'nearly' }
  const listed = [one('a', 6), one('a', 7), nearly, one('a', 8)]
  expect(names(after(listed, one('a', 10), retention, night(10)))).toEqual(['nearly', 'a-8', 'a-10'])
})

test('two clocks may differ by five minutes: what is so far ahead is counted, and nothing further', () => {
  const ahead = (ms: number) => ({ ...one('a', 3), takenAt: new Date(night(3).getTime() + ms), name: 'ahead' })
  const gone = (ms: number) =>
    names(expired([one('a', 1), ahead(ms)], one('a', 3), { keepLast: 1, keepDays: undefined }, night(3)))
  expect(gone(300_000)).toEqual(['a-1'])
  expect(gone(300_001)).toEqual([])
})

test('what goes is told oldest first', () => {
  const listed = [one('a', 3), one('a', 1), one('a', 2)]
  expect(names(expired([...listed, one('a', 4)], one('a', 4), { keepLast: 1, keepDays: undefined }, night(4)))).toEqual(
    ['a-1', 'a-2', 'a-3'],
  )
})

test('thirty nights of a wrongly empty cluster: the newest of the lost one are there', () => {
  const lost = [one('lost', -3), one('lost', -2), one('lost', -1)]
  for (const retention of [
    { keepLast: 1, keepDays: undefined },
    { keepLast: undefined, keepDays: 7 },
    { keepLast: 3, keepDays: 3 },
  ]) {
    let listed = lost
    for (let at = 0; at < 30; at += 1) listed = after(listed, one('empty', at), retention, night(at))
    expect(names(listed)).toEqual(expect.arrayContaining(['lost--2', 'lost--1']))
  }
})

test('thirty nights that fail: after a doubted one nothing goes, and the last sound one stays', () => {
  let listed = [one('a', -2), one('a', -1)]
  for (let at = 0; at < 30; at += 1) listed = after(listed, one('a', at, true), { keepLast: 1, keepDays: 1 }, night(at))
  expect(listed).toHaveLength(32)
  expect(names(after(listed, one('a', 30), { keepLast: 1, keepDays: undefined }, night(30)))).toEqual(['a-30'])
})

test('one from the future is neither counted nor removed', () => {
  const listed = [one('a', 500), one('a', 501), one('a', 1), one('a', 2)]
  const left = after(listed, one('a', 3), { keepLast: 2, keepDays: undefined }, night(3))
  expect(names(left)).toEqual(['a-500', 'a-501', 'a-2', 'a-3'])
})

const uid = fc.constantFrom('a', 'b', 'c')
const candidate = fc.record({ clusterUid: uid, at: fc.integer({ min: -40, max: 40 }), doubted: fc.boolean() })
const history = fc
  .array(candidate, { maxLength: 40 })
  .map((list) =>
    list.map(({ clusterUid, at, doubted }, index): One => ({ ...one(clusterUid, at, doubted), name: `s-${index}` })),
  )
const retention = fc.record({
  keepLast: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  keepDays: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
})

test('whatever the clocks said: the newest sound ones of every cluster stay, order is nothing, and a second run removes nothing', () => {
  fc.assert(
    fc.property(history, candidate, retention, fc.integer({ min: -60, max: 60 }), (listed, last, retention, day) => {
      const current: One = { ...one(last.clusterUid, last.at, last.doubted), name: 'current' }
      const now = night(day)
      const left = after(listed, current, retention, now)
      expect(names(left)).toContain('current')
      if (current.doubted) expect(left).toHaveLength(listed.length + 1)

      for (const clusterUid of ['a', 'b', 'c']) {
        const sound = [...listed, current].filter((one) => one.clusterUid === clusterUid && !one.doubted)
        const past = sound.filter(({ takenAt }) => takenAt <= now).toSorted(byAge)
        const guarded = past.slice(0, clusterUid === current.clusterUid ? 1 : 2)
        expect(names(left)).toEqual(expect.arrayContaining(names(guarded)))
        const kept = Math.min(retention.keepLast ?? 0, past.length)
        expect(left.filter((one) => past.includes(one)).length).toBeGreaterThanOrEqual(kept)
      }
      const again = expired(left, current, retention, now)
      expect(again).toEqual([])
      expect(new Set(names(after(listed.toReversed(), current, retention, now)))).toEqual(new Set(names(left)))
    }),
    { numRuns: 2000 },
  )
})

test('of equal times the order is the same for every run', () => {
  const twins: One[] = ['x', 'y', 'z'].map((name) => ({ ...one('a', 1), name }))
  const gone = (listed: One[]) =>
    names(expired(listed, one('a', 2), { keepLast: 2, keepDays: undefined }, night(2))).toSorted()
  expect(gone(twins)).toEqual(gone(twins.toReversed()))
  expect(gone([...twins, one('a', 2)])).toEqual(['x', 'y'])
})
