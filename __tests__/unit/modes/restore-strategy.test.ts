import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { asStackError } from '../../../src/errors.ts'
import { judgeFence } from '../../../src/modes/restore-fence.ts'
import { chooseStrategy, nameStrategy, type Strategy } from '../../../src/modes/restore-strategy.ts'
import type { StackCase } from '../../../src/modes/stack-case.ts'
import { quorum } from '../../../src/quorum.ts'
import { tries } from '../remedies/tries.ts'

const SURVIVORS = [{ node: 'node-1', answers: true, installed: true, revision: 7 }]
const RESTORING = { snapshot: 's', sha256: 'x', clusterUid: 'uid', takenAt: '', from: 'f' }
const CASES: Record<string, StackCase> = {
  running: { kind: 'running' },
  absent: { kind: 'absent' },
  unfinished: { kind: 'unfinished', wasWhole: false },
  restoring: { kind: 'restoring', restoring: RESTORING },
  survivors: { kind: 'survivors', survivors: SURVIVORS, members: 3 },
  'data-lost': { kind: 'data-lost', members: 3 },
  'all-lost': { kind: 'all-lost', clusterUid: 'uid' },
}
const caseNamed = (name: string) => CASES[name] ?? { kind: 'absent' as const }
const LATEST = { kind: 'stored', wish: { kind: 'latest', clusterUid: 'uid' } }

test.each([
  ['survivors', { kind: 'survivor', survivors: SURVIVORS }],
  ['restoring', { kind: 'continue', restoring: RESTORING }],
  ['data-lost', LATEST],
  ['all-lost', LATEST],
  ['absent', LATEST],
])('nothing named, %s', (name, expected) => {
  expect(chooseStrategy(caseNamed(name), undefined, 'uid')).toEqual(expected)
})

test('nothing named, and the cluster runs: no data is given up by default', () => {
  expect(chooseStrategy(caseNamed('running'), undefined, 'uid')).toEqual({ kind: 'nothing' })
})

test.each(['unfinished'])('nothing named, %s: no data is given up by default', (name) => {
  let error: unknown
  try {
    chooseStrategy(caseNamed(name), undefined, 'uid')
  } catch (thrown) {
    error = thrown
  }
  expect(asStackError(error)).toMatchObject({ kind: 'preflight', next: expect.stringContaining('restore-from') })
})

test.each(Object.keys(CASES))('a stored snapshot that is named is taken: %s', (name) => {
  expect(chooseStrategy(caseNamed(name), { kind: 'name', name: 'n' }, 'uid')).toEqual({
    kind: 'stored',
    wish: { kind: 'name', name: 'n' },
  })
  expect(chooseStrategy(caseNamed(name), { kind: 'latest' }, 'uid')).toEqual(LATEST)
})

test('a survivor that is named is taken where there is one', () => {
  expect(chooseStrategy(caseNamed('survivors'), { kind: 'survivor' }, 'uid')).toEqual({
    kind: 'survivor',
    survivors: SURVIVORS,
  })
})

test.each([
  ['running', 'the cluster has its quorum'],
  ['data-lost', 'no node has data of the cluster'],
  ['all-lost', 'no node has data of the cluster'],
])('a survivor named where there is none: %s', (name, why) => {
  let error: unknown
  try {
    chooseStrategy(caseNamed(name), { kind: 'survivor' }, 'uid')
  } catch (thrown) {
    error = thrown
  }
  expect(asStackError(error)).toMatchObject({
    kind: 'input',
    message: `restore-from: expected a stored snapshot, got survivor: ${why}.`,
    stands: 'Nothing was changed.',
    next: 'Name a stored snapshot, or latest.',
  })
})

const before = ['1', '2', '3'].map((at) => ({ name: `node-${at}`, privateAddress: `10.0.0.${at}` }))
const at = (nodes: { name: string; privateAddress: string }[]) =>
  nodes.map((node) => ({ ...node, state: 'running' as const }))
const stored: Strategy = { kind: 'stored', wish: { kind: 'latest', clusterUid: 'uid' } }

test.each([
  ['same nodes', stored, 'running', before],
  ['quorum lost, a member left', { kind: 'survivor', survivors: SURVIVORS } as Strategy, 'survivors', before],
  ['quorum lost, only a stored snapshot', stored, 'data-lost', before],
  [
    'node-2 replaced',
    stored,
    'data-lost',
    before.map((node, index) => (index === 1 ? { ...node, privateAddress: '10.0.0.22' } : node)),
  ],
  [
    'all nodes replaced',
    stored,
    'all-lost',
    before.map((node) => ({ ...node, privateAddress: `${node.privateAddress}9` })),
  ],
  ['everything gone', stored, 'absent', before.map((node) => ({ ...node, privateAddress: '' }))],
  ['everything gone', stored, 'all-lost', before.map((node) => ({ ...node, privateAddress: '' }))],
  [
    'all nodes replaced',
    stored,
    'absent',
    before.map((node, index) => (index === 0 ? { ...node, privateAddress: '' } : node)),
  ],
  [
    'all nodes replaced',
    stored,
    'data-lost',
    before.map((node) => ({ ...node, privateAddress: `${node.privateAddress}9` })),
  ],
  [
    'node-1, node-3 replaced',
    stored,
    'survivors',
    before.map((node, index) => (index === 1 ? node : { ...node, privateAddress: `${node.privateAddress}9` })),
  ],
  [
    'node-9 replaced',
    stored,
    'data-lost',
    before.map((node, index) => (index === 1 ? { ...node, name: 'node-9' } : node)),
  ],
  ['quorum lost, only a stored snapshot', stored, 'survivors', before],
  ['quorum lost, only a stored snapshot', stored, 'data-lost', []],
  ['nothing to restore', { kind: 'nothing' } as Strategy, 'running', before],
  ['a restore that was begun', { kind: 'continue', restoring: RESTORING } as Strategy, 'restoring', before],
])('%s', (expected, strategy, name, nodes) => {
  expect(nameStrategy(strategy, caseNamed(name), { nodes: at(nodes), before })).toBe(expected)
})

test('where it is not known where the cluster ran, every node is another', () => {
  expect(nameStrategy(stored, caseNamed('data-lost'), { nodes: at(before), before: undefined })).toBe(
    'all nodes replaced',
  )
})

const names = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']
const subset = fc.subarray(names)

test('with less than a majority nothing goes on while one that does not answer may still run', () => {
  fc.assert(
    fc.property(
      fc.record({ recorded: subset, reached: subset, up: subset, down: subset, forced: subset, isHosts: fc.boolean() }),
      ({ recorded, reached, up, down, forced, isHosts }) => {
        const machines = [
          ...up.map((name) => ({ name, state: 'running' as const })),
          ...down.filter((name) => !up.includes(name)).map((name) => ({ name, state: 'stopped' as const })),
        ]
        const facts = {
          provider: isHosts ? ('hosts' as const) : ('local' as const),
          recorded,
          reached,
          machines,
          forced,
        }
        const { isMinority, refusals } = judgeFence(facts)
        const silent = recorded.filter((name) => !reached.includes(name))
        const hasMajority = recorded.length === 0 || recorded.length - silent.length >= quorum(recorded.length)
        expect(isMinority).toBe(!hasMajority)
        const mayRun = silent.filter((name) => (isHosts ? !forced.includes(name) : up.includes(name)))
        expect(refusals.map(({ subject }) => subject)).toEqual(hasMajority ? [] : mayRun)
      },
    ),
  )
})

const fenced = (given: Partial<Parameters<typeof judgeFence>[0]>) => () =>
  judgeFence({
    provider: 'hosts',
    recorded: ['node-1', 'node-2', 'node-3'],
    reached: ['node-1'],
    machines: [],
    forced: ['node-2'],
    ...given,
  })
const machines = (state: 'running' | 'stopped') => [
  { name: 'node-1', state: 'running' as const },
  { name: 'node-2', state: 'stopped' as const },
  { name: 'node-3', state },
]

tries('lease', [
  ['Switch … off, and name it in force-nodes.', fenced({}), fenced({ forced: ['node-2', 'node-3'] })],
  [
    'Stop the machine of …, or make it answer.',
    fenced({ provider: 'local', machines: machines('running') }),
    fenced({ provider: 'local', machines: machines('stopped') }),
    fenced({ provider: 'local', machines: machines('running'), reached: ['node-1', 'node-3'] }),
  ],
])

tries('preflight', [
  [
    'Run mode install, which goes on with it; or set restore-from to the snapshot to put in its place.',
    () => chooseStrategy(caseNamed('unfinished'), undefined, 'uid'),
    // What an install has gone on with runs, and nothing is to be restored.
    () => chooseStrategy(caseNamed('running'), undefined, 'uid'),
    () => chooseStrategy(caseNamed('unfinished'), { kind: 'name', name: 'nightly' }, 'uid'),
  ],
])
