import { expect, test } from '@jest/globals'
import type { ClusterFacts, Restoring, Survivor } from '../../../src/kubernetes/distribution.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import { canElect, caseOf, describeCase } from '../../../src/modes/stack-case.ts'
import { nodeOf } from '../kubernetes/rke/world.ts'

const RESTORING: Restoring = {
  snapshot: 's',
  sha256: 'x',
  clusterUid: 'uid',
  takenAt: '2026-01-02T03:04:05.000Z',
  from: 'survivor node-1',
}

function seen(state: ClusterFacts['state'], nodes: number, clusterUid?: string): Seen {
  return {
    infrastructure: {
      nodes: Array.from({ length: nodes }, (_, at) => nodeOf(at + 1)),
      loadBalancer: undefined,
      name: { hostname: 'h', addresses: [] },
      memory: { clusterUid, hostname: undefined },
      refusals: [],
      owned: [],
    },
    cluster: {
      state,
      distribution: 'rke',
      uid: undefined,
      version: undefined,
      nodes: [],
      etcd: [],
      certificates: [],
      asked: undefined,
      own: undefined,
    },
    rancher: noRancher(new Date(0)),
  }
}

const survivor = (node: string, answers = true, installed = true): Survivor => ({
  ...{ node, answers, installed },
  revision: answers ? 7 : undefined,
})
const known = (survivors: Survivor[] = [], members: string[] = [], restoring?: Restoring) => ({
  survivors: () => survivors,
  restoring: () => restoring,
  recordedMembers: () => members,
})
const three = ['node-1', 'node-2', 'node-3']

test.each([
  ['running', seen('running', 3, 'uid'), known(), 'running', undefined],
  ['nothing, and nobody remembers', seen('none', 0), known(), 'absent', 'install'],
  ['bare machines, and nobody remembers', seen('none', 3), known(), 'absent', 'install'],
  ['a first install cut off', seen('unfinished', 3), known(), 'unfinished', 'install'],
  [
    'two of three machines gone',
    seen('quorum-lost', 1),
    known([survivor('node-1')], three),
    'survivors',
    'survivors know',
  ],
  [
    'all etcd processes dead, disks intact',
    seen('quorum-lost', 3),
    known(
      three.map((name) => survivor(name, false)),
      three,
    ),
    'survivors',
    'survivors know',
  ],
  ['all disks wiped', seen('quorum-lost', 3), known([], three), 'data-lost', 'backup-to'],
  ['all machines replaced', seen('none', 3, 'uid'), known(), 'all-lost', 'stored snapshot'],
  ['everything gone but the memory', seen('none', 0, 'uid'), known(), 'all-lost', 'stored snapshot'],
  ['a restore cut off', seen('quorum-lost', 3), known([], three, RESTORING), 'restoring', 'same snapshot'],
  [
    'a restore cut off when the cluster answered again',
    seen('running', 3),
    known([], three, RESTORING),
    'restoring',
    'same snapshot',
  ],
])('%s', (_name, facts, distribution, kind, next) => {
  const found = caseOf(facts, distribution)
  expect(found.kind).toBe(kind)
  const told = describeCase(found)
  if (next === undefined) expect(told.next).toBeUndefined()
  else expect(told.next).toContain(next)
})

test('what hosts cannot remember the user may', () => {
  expect(caseOf(seen('none', 3), known(), 'uid')).toEqual({ kind: 'all-lost', clusterUid: 'uid' })
})

test('the case names who is left, and how many must agree', () => {
  const found = caseOf(
    seen('quorum-lost', 2),
    known([survivor('node-1'), survivor('node-2', false)], [...three, 'node-4', 'node-5']),
  )
  expect(describeCase(found).what).toBe(
    'etcd has lost its quorum: of 5 members 3 must agree. Data is left on node-1, node-2 (only its files).',
  )
})

test.each([
  [[survivor('node-1')], three, false],
  [[survivor('node-1'), survivor('node-2', false)], three, true],
  [[survivor('node-1'), survivor('node-2', false, false)], three, false],
  [[], three, false],
])('a quorum is waited for only where it can come: %#', (survivors, members, expected) => {
  expect(canElect(seen('quorum-lost', survivors.length), known(survivors, members))).toBe(expected)
})
