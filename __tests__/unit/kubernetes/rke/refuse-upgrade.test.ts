import { expect, test } from '@jest/globals'
import type { ClusterFacts, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { clusterDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { parseVersions } from '../../../../src/kubernetes/rke/list-versions.ts'
import { differs } from '../../../../src/kubernetes/rke/plan.ts'
import { isUnfinished, refuseUpgrade } from '../../../../src/kubernetes/rke/refuse-upgrade.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import { foundOf, healthyFacts, wantedOf, withOwn } from './world.ts'

const healthy = healthyFacts(wantedOf())
const told = (facts: ClusterFacts, wanted: WantedCluster = wantedOf()) =>
  refuseUpgrade(facts, wanted).map(({ subject, what, next }) => `${subject}: ${what} ${next}`)
const withNode = (facts: ClusterFacts, name: string, more: Partial<ClusterFacts['nodes'][number]>): ClusterFacts => ({
  ...facts,
  nodes: facts.nodes.map((node) => (node.name === name ? { ...node, ...more } : node)),
})
const withMember = (facts: ClusterFacts, name: string, more: Partial<ClusterFacts['etcd'][number]>): ClusterFacts => ({
  ...facts,
  etcd: facts.etcd.map((member) => (member.node === name ? { ...member, ...more } : member)),
})
const pending = withOwn(healthy, ({ nodes }) => ({
  nodes: nodes.map((node) => ({ ...node, state: foundOf(node.name, { phase: 'pending' }) })),
}))

test('a stack that is well may be upgraded', () => expect(told(healthy)).toEqual([]))

const cases: [string, ClusterFacts, WantedCluster, RegExp][] = [
  [
    'a node not Ready',
    withNode(healthy, 'node-2', { ready: false }),
    wantedOf(),
    /^node-2: is not Ready.*mode install/,
  ],
  [
    'a node Kubernetes does not know',
    { ...healthy, nodes: healthy.nodes.slice(0, 2) },
    wantedOf(),
    /^node-3: is not Ready/,
  ],
  [
    'a member that is not healthy',
    withMember(healthy, 'node-3', { healthy: false, problem: 'no leader' }),
    wantedOf(),
    /^etcd on node-3: is not healthy: no leader/,
  ],
  [
    'a member that is missing',
    { ...healthy, etcd: healthy.etcd.slice(1) },
    wantedOf(),
    /^etcd on node-1: does not run/,
  ],
  [
    'a member that knows others',
    withMember(healthy, 'node-1', { knows: ['node-1', 'node-2'] }),
    wantedOf(),
    /^etcd on node-1: knows the members node-1, node-2, expected node-1, node-2, node-3/,
  ],
  [
    'no room for images',
    withOwn(healthy, ({ nodes }) => ({
      nodes: nodes.map((node) => (node.name === 'node-1' ? { ...node, freeBytes: 2 * 1024 ** 3 } : node)),
    })),
    wantedOf(),
    /^node-1: expected 3\.0 GiB free.*got 2\.0 GiB/,
  ],
  [
    'a node that cannot be reached',
    withOwn(healthy, () => ({ unreached: [{ name: 'node-2', why: 'timed out' }] })),
    wantedOf(),
    /^node-2: cannot be reached: timed out/,
  ],
  [
    'Docker too new',
    withOwn(healthy, ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, docker: '29.0.0' })) })),
    wantedOf(),
    /^node-1: expected Docker older than 29/,
  ],
  ['another host name', healthy, wantedOf(3, { hostname: 'other.test' }), /^hostname: .*cannot change on a live stack/],
  [
    'what rke-config may not set',
    healthy,
    wantedOf(3, { config: { nodes: [] } }),
    /^rke-config: nodes is set by the action/,
  ],
  [
    'a state nobody has whole',
    withOwn(healthy, ({ nodes }) => ({
      nodes: nodes.map((node) => ({ ...node, state: foundOf(node.name, { actualSha256: 'bb' }) })),
    })),
    wantedOf(),
    /^state: .*damaged/,
  ],
]
test.each(cases)('refused: %s', (_, facts, wanted, expected) => {
  const lines = told(facts, wanted)
  expect(lines[0]).toMatch(expected)
})

test('what is half-done is gone on with, its node being not Ready for the moment', () => {
  const mixed = withNode(withNode(healthy, 'node-2', { ready: false }), 'node-1', { version: 'v1.31.10' })
  const versions = { kubernetes: 'v1', rancher: '2', certManager: undefined, etcd: undefined }
  const point = { snapshot: 's', sha256: 'a', clusterUid: 'uid-1', takenAt: '2026-11-23T12:00:00Z', from: 'x' }
  const upgrading = { point, run: '1-1', before: undefined, versions, template: undefined }
  const begun = withOwn(healthy, ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, state: foundOf(node.name, { upgrading }) })),
  }))
  expect(told(withNode(begun, 'node-2', { ready: false }))).toEqual([])
  for (const facts of [mixed, withNode(pending, 'node-2', { ready: false })]) {
    expect([isUnfinished(facts), told(facts)]).toEqual([true, []])
  }
  expect(isUnfinished(withNode(healthy, 'node-3', { apiVersion: 'v1.31.10' }))).toBe(true)
  expect(isUnfinished(withNode(healthy, 'node-3', { apiVersion: undefined }))).toBe(false)
  expect(isUnfinished(healthy)).toBe(false)
  expect(isUnfinished({ ...pending, state: 'quorum-lost' })).toBe(false)
})

test('settings differ when others are asked for; none given asks for none', () => {
  const config = { services: { kubelet: { extra_args: { 'max-pods': '200' } } } }
  expect(differs(healthy, wantedOf())).toBe(false)
  expect(differs(healthy, wantedOf(3, { config }))).toBe(true)
  const made = wantedOf(3, { config })
  const asked = { ...healthy.asked, clusterDigest: clusterDigest(made, TESTED_VERSION) } as ClusterFacts['asked']
  expect(differs({ ...healthy, asked }, made)).toBe(false)
  expect(differs({ ...healthy, version: undefined }, made)).toBe(false)
})

test('rke tells one version a line, whatever else it tells', () => {
  const lines = ['warning: something', 'v1.30.14-rancher1-1', ' v1.32.6-rancher1-1 ', '', 'v1.x']
  expect(parseVersions(lines)).toEqual(['v1.30.14-rancher1-1', 'v1.32.6-rancher1-1'])
})
