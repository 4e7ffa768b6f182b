import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  BOOT_MARK,
  type Found,
  formatHolder,
  GRACE_S,
  hasMajority,
  isOthers,
  isVoter,
  judgeLease,
  type LeaseRecord,
  LIFE_S,
  parseRecord,
  recordedLists,
  renderRecord,
  renderVote,
  UPTIME_MARK,
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

test('of several records the youngest counts, wherever it stands', () => {
  const aged = (node: string, ageS: number) => found(node, { holder: other, uptimeS: 1000 + ageS })
  const verdict = { kind: 'held', node: 'young', ageS: 3 }
  expect(judgeLease([aged('old', 500), aged('young', 3), aged('older', 900)], ours)).toMatchObject(verdict)
  expect(judgeLease([aged('older', 900), aged('old', 500), aged('young', 3)], ours)).toMatchObject(verdict)
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

const WHOLE = { uptimeAtRenewal: 1000, bootId: 'boot-1', generation: 1, members: ['a'], holder: other }

test('a record is read as it stands', () => {
  expect(parseRecord(JSON.stringify(WHOLE))).toEqual(WHOLE)
  expect(parseRecord(JSON.stringify({ ...WHOLE, holder: null }))).toEqual({ ...WHOLE, holder: null })
})

test.each<[string, object]>([
  ['the time', { uptimeAtRenewal: '1000' }],
  ['the boot', { bootId: 1 }],
  ['the generation', { generation: 1.5 }],
  ['the members', { members: 'a' }],
  ['the holder', { holder: 'x' }],
  ['the session', { holder: { ...other, session: 7 } }],
  ['a holder at all', { holder: undefined }],
])('what has all but %s is no record', (_name, wrong) => {
  expect(parseRecord(JSON.stringify({ ...WHOLE, ...wrong }))).toBeUndefined()
})

test('of several that ran out each holder is told once', () => {
  const third = { ...other, session: 'third' }
  const seen = [other, third, other].map((holder, at) => found(`node-${at}`, { holder, uptimeS: 2000 }))
  expect(judgeLease(seen, ours)).toEqual({ kind: 'expired', holders: [other, third] })
})

test('our own record is none of others, whatever its age', () => {
  const mine = found('a', { holder: { ...other, session: ours }, uptimeS: 5000 })
  expect(judgeLease([mine, found('b', { holder: other, uptimeS: 1001 })], ours)).toMatchObject({ node: 'b', ageS: 1 })
  expect(isOthers(mine.content, ours)).toBe(false)
  expect(isOthers(mine.content, 'another')).toBe(true)
  expect(isOthers(found('a').content, ours)).toBe(false)
  expect(isOthers('', ours)).toBe(false)
})

test('a node votes by a record that is settled', () => {
  expect(isVoter(JSON.stringify(WHOLE))).toBe(true)
  expect(isVoter(JSON.stringify({ ...WHOLE, holder: null }))).toBe(true)
  expect(isVoter(JSON.stringify({ ...WHOLE, isTentative: true }))).toBe(false)
  expect(isVoter('')).toBe(false)
})

test('what is rendered is a record once the node has put its clock in', () => {
  const wanted = { generation: 3, members: ['a', 'b'], holder: other }
  const written = (text: string) => parseRecord(text.replace(UPTIME_MARK, '1234.5').replace(BOOT_MARK, 'boot-9'))
  const record = { ...wanted, uptimeAtRenewal: 1234.5, bootId: 'boot-9' }
  expect(written(renderRecord(wanted))).toEqual(record)
  expect(written(renderRecord(wanted, true))).toEqual({ ...record, isTentative: true })
  expect(renderRecord(wanted)).not.toContain('\n')
})

test('the first record on a node without a vote is tentative, on a voter it is not', () => {
  const wanted = { generation: 3, members: ['a'], holder: other }
  expect(renderVote(wanted, '')).toBe(renderRecord(wanted, true))
  expect(renderVote(wanted, JSON.stringify({ ...WHOLE, isTentative: true }))).toBe(renderRecord(wanted, true))
  expect(renderVote(wanted, JSON.stringify(WHOLE))).toBe(renderRecord(wanted))
})

test('lists of the same members in another order are one list', () => {
  const seen = [['a', 'b'], ['b', 'a'], ['a', 'c'], ['ab']].map((members, at) => found(`node-${at}`, { members }))
  const lists = recordedLists([...seen, { ...found('z'), content: '{' }])
  expect(lists.map((list) => list.toSorted())).toEqual([['a', 'b'], ['a', 'c'], ['ab']])
})

test('no majority of one list is made by votes of another', () => {
  expect(hasMajority([['a', 'b', 'c']], ['a'])).toBe(false)
  expect(hasMajority([['a', 'b', 'c']], ['a', 'x', 'y'])).toBe(false)
  expect(hasMajority([['a', 'b', 'c']], ['a', 'c'])).toBe(true)
  expect(hasMajority([['a']], [])).toBe(false)
})

test('a holder is told by run, attempt and repository', () => {
  expect(formatHolder(other)).toBe('run 7, attempt 1, of acme/infra')
})
