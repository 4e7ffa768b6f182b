import { expect, test } from '@jest/globals'
import { asStackError } from '../../../src/errors.ts'
import { doubtOf, previousOf, throwStrange } from '../../../src/snapshots/judge.ts'
import type { Contents, ListedSnapshot, Live } from '../../../src/snapshots/snapshot.ts'

const SOURCE = { clusterUid: 'uid-1', caFingerprint: 'aa' }
const LIVE: Live = { clusterUid: 'uid-1', caFingerprint: 'aa', revision: 70 }
const contents = (more: Partial<Contents> = {}): Contents => ({
  revision: 76,
  keys: 51,
  sizeBytes: 4096,
  kinds: { secrets: 37, 'management.cattle.io/settings': 14 },
  ...more,
})
const listed = (name: string, more: Partial<ListedSnapshot> = {}): ListedSnapshot => ({
  name,
  place: { kind: 'artifact' },
  ref: name,
  stack: 'rancher',
  clusterUid: 'uid-1',
  takenAt: new Date('2026-11-24T03:00:00Z'),
  run: '100-1',
  keys: 51,
  rancherKeys: 14,
  doubted: false,
  encrypted: false,
  sizeBytes: 1,
  ...more,
})

function strangeness(more: Partial<Contents>, live: Partial<Live> = {}): string | undefined {
  try {
    throwStrange(SOURCE, contents(more), { ...LIVE, ...live })
    return undefined
  } catch (error) {
    expect(asStackError(error)).toMatchObject({
      kind: 'snapshot',
      stands: expect.stringContaining('not kept'),
      next: expect.stringContaining('mode backup'),
    })
    return asStackError(error).message
  }
}

test.each<[string, Partial<Contents>, Partial<Live>]>([
  ['of this cluster, later than it was asked', {}, {}],
  ['at the very revision', { revision: 70 }, {}],
  ['with a single key', { keys: 1 }, {}],
  [
    'of a cluster that says nothing',
    { revision: 1 },
    { clusterUid: undefined, caFingerprint: undefined, revision: undefined },
  ],
])('a snapshot %s is not strange', (_name, more, live) => {
  expect(strangeness(more, live)).toBeUndefined()
})

test.each<[string, Partial<Contents>, Partial<Live>, string]>([
  ['without a key', { keys: 0 }, {}, 'it holds no key.'],
  ['that ends too early', { revision: 69 }, {}, 'it ends at revision 69, and the cluster was at 70'],
  ['of another cluster', {}, { clusterUid: 'uid-2' }, 'it is of cluster uid-1, and uid-2 runs.'],
  [
    'with the state of another CA',
    {},
    { caFingerprint: 'bb' },
    'its state has the CA aa, and the cluster runs with bb.',
  ],
])('a snapshot %s is strange', (_name, more, live, text) => {
  expect(strangeness(more, live)).toContain(text)
})

test('all that is strange is told at once', () => {
  const text = strangeness({ keys: 0, revision: 1 }, { clusterUid: 'uid-2', caFingerprint: 'bb' })
  expect(text?.split('; ')).toHaveLength(4)
})

test('a snapshot is doubted when it holds fewer than half of what the one before did, and not at half', () => {
  const before = listed('before', { keys: 100, rancherKeys: 20 })
  const of = (keys: number, rancher: number) => contents({ keys, kinds: { 'management.cattle.io/users': rancher } })
  expect(doubtOf(of(50, 10), before)).toBeUndefined()
  expect(doubtOf(of(49, 10), before)).toBe('49 of 100 keys, compared with before')
  expect(doubtOf(of(50, 9), before)).toBe("9 of 20 Rancher's objects, compared with before")
  expect(doubtOf(of(0, 0), before)).toBe("0 of 100 keys and 0 of 20 Rancher's objects, compared with before")
  expect(doubtOf(of(0, 0), undefined)).toBeUndefined()
})

test('it is compared with the newest sound one of its cluster, else of the stack', () => {
  const doubted = listed('doubted', { doubted: true })
  const other = listed('other', { clusterUid: 'uid-2' })
  const [newer, older] = [listed('newer'), listed('older')]
  expect(previousOf([doubted, other, newer, older], 'uid-1')).toBe(newer)
  expect(previousOf([doubted, other], 'uid-1')).toBe(other)
  expect(previousOf([doubted], 'uid-1')).toBeUndefined()
  expect(previousOf([], 'uid-1')).toBeUndefined()
})
