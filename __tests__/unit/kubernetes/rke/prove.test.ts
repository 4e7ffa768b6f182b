import { expect, test } from '@jest/globals'
import { findProblems, type Seen } from '../../../../src/kubernetes/rke/prove.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import { healthyFacts, wantedOf } from './world.ts'

const wanted = wantedOf()
const { nodes, etcd } = healthyFacts(wanted)
const STARTED = new Date('2026-11-23T11:00:00Z')
const good: Seen = {
  api: { uid: 'u', nodes, addresses: {}, at: new Date('2026-11-23T12:00:05Z') },
  etcd,
  kubeletStartedAt: { 'node-1': STARTED, 'node-2': STARTED, 'node-3': STARTED },
}
const api = (more: Partial<(typeof nodes)[number]>) => ({
  ...good,
  api: {
    uid: 'u',
    addresses: {},
    at: new Date(),
    nodes: nodes.map((node) => (node.name === 'node-2' ? { ...node, ...more } : node)),
  },
})
const member = (more: Partial<(typeof etcd)[number]>) => ({
  ...good,
  etcd: etcd.map((one) => (one.node === 'node-2' ? { ...one, ...more } : one)),
})

test('a cluster as wanted is proven', () => {
  expect(findProblems(good, wanted, TESTED_VERSION)).toEqual([])
})

const CASES: [string, Seen, RegExp][] = [
  [
    'a dead member behind Ready nodes',
    member({ healthy: false, problem: 'already been bootstrapped' }),
    /^node-2: etcd is not healthy: already been bootstrapped$/,
  ],
  [
    'a member that was not asked',
    { ...good, etcd: etcd.filter(({ node }) => node !== 'node-2') },
    /^node-2: etcd does not run$/,
  ],
  [
    'a member that knows too few',
    member({ knows: ['node-1', 'node-2'] }),
    /^node-2: etcd knows node-1, node-2, expected node-1, node-2, node-3$/,
  ],
  ['a member that knows too many', member({ knows: ['node-1', 'node-2', 'node-3', 'node-9'] }), /node-9, expected/],
  ['two leaders', member({ leader: true }), /^etcd has 2 leaders$/],
  ['no API', { ...good, api: undefined }, /^no API server answers$/],
  [
    'a Ready from before the kubelet was started',
    { ...good, kubeletStartedAt: { ...good.kubeletStartedAt, 'node-2': new Date('2026-11-23T12:00:01Z') } },
    /^node-2: its Lease was not renewed/,
  ],
  [
    'a kubelet that does not run',
    { ...good, kubeletStartedAt: { ...good.kubeletStartedAt, 'node-2': undefined } },
    /^node-2: its kubelet does not run$/,
  ],
  ['a node that is not Ready', api({ ready: false }), /^node-2: not Ready$/],
  ['a node without Lease', api({ leaseRenewedAt: undefined }), /^node-2: its Lease was not renewed/],
  ['another version', api({ version: 'v1.31.10' }), /^node-2: expected kubelet v1.32.6, got v1.31.10$/],
]

test.each(CASES)('%s is named', (_name, seen, expected) => {
  const problems = findProblems(seen, wanted, TESTED_VERSION)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(expected)
})
