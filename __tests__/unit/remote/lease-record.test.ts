import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type Found,
  GRACE_S,
  hasMajority,
  judgeLease,
  type LeaseRecord,
  LIFE_S,
  parseRecord,
} from '../../../src/remote/lease-record.ts'

const ours = 'session-of-ours'
const other = { owner: '1', ownerName: 'acme/infra', run: '7', attempt: 1, session: 'another' }

function found(node: string, change: Partial<LeaseRecord> & { uptimeS?: number; now?: string } = {}): Found {
  const { uptimeS = 1000, now = 'boot-1', ...rest } = change
  const record = { uptimeAtRenewal: 1000, bootId: 'boot-1', generation: 1, members: ['a'], holder: null, ...rest }
  return { node, content: JSON.stringify(record), uptimeS, bootId: now }
}

test('what nobody holds, or we hold ourselves, is free', () => {
  expect(judgeLease([], ours)).toEqual({ kind: 'free' })
  expect(judgeLease([found('a'), { ...found('b'), content: '' }], ours)).toEqual({ kind: 'free' })
  expect(judgeLease([found('a', { holder: { ...other, session: ours } })], ours)).toEqual({ kind: 'free' })
})

test('one fresh record of somebody else is enough for held', () => {
  const seen = [found('a'), found('b', { holder: other, uptimeS: 1012 }), found('c', { holder: other, uptimeS: 1050 })]
  expect(judgeLease(seen, ours)).toEqual({ kind: 'held', holder: other, ageS: 12, node: 'b' })
})

test('a lease expires when its grace is over, on every node', () => {
  const aged = (ageS: number) => found('a', { holder: other, uptimeS: 1000 + ageS })
  expect(judgeLease([aged(LIFE_S + GRACE_S)], ours).kind).toBe('held')
  expect(judgeLease([aged(LIFE_S + GRACE_S + 1)], ours)).toEqual({ kind: 'expired', holders: [other] })
})

test('after a reboot the age is at least the time since the boot', () => {
  const rebooted = (uptimeS: number) => found('a', { holder: other, uptimeAtRenewal: 5, uptimeS, now: 'boot-2' })
  expect(judgeLease([rebooted(80)], ours)).toMatchObject({ kind: 'held', ageS: 80 })
  expect(judgeLease([rebooted(91)], ours).kind).toBe('expired')
})

test('what is not a record is nobody’s vote', () => {
  for (const content of ['', '{', 'null', '[]', '{"generation":1}', '"x"']) expect(parseRecord(content)).toBeUndefined()
  fc.assert(fc.property(fc.json(), (content) => expect(parseRecord(content)).toBeUndefined()))
})

test('two majorities of the same list have a member in common', () => {
  const members = fc.uniqueArray(fc.constantFrom(...'abcdefg'), { minLength: 1 })
  fc.assert(
    fc.property(
      members.chain((all) => fc.tuple(fc.constant(all), fc.subarray(all), fc.subarray(all))),
      ([all, one, two]) => {
        fc.pre(hasMajority([all], one) && hasMajority([all], two))
        expect(one.some((member) => two.includes(member))).toBe(true)
      },
    ),
  )
})

test('a majority is needed of every list', () => {
  expect(
    hasMajority(
      [
        ['a', 'b', 'c'],
        ['a', 'd', 'e'],
      ],
      ['a', 'b'],
    ),
  ).toBe(false)
  expect(
    hasMajority(
      [
        ['a', 'b', 'c'],
        ['a', 'd', 'e'],
      ],
      ['a', 'b', 'd'],
    ),
  ).toBe(true)
})
