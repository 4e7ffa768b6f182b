import { expect, test } from '@jest/globals'
import type { ClusterFacts, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import type { NodeFacts } from '../../../../src/kubernetes/rke/facts.ts'
import { refuseCluster } from '../../../../src/kubernetes/rke/refuse.ts'
import { bareFacts, bareNode, containerOf, foundOf, healthyFacts, wantedOf, withOwn } from './world.ts'

const told = (facts: ClusterFacts, wanted: WantedCluster = wantedOf()) =>
  refuseCluster(facts, wanted).map(({ subject, what }) => `${subject}: ${what}`)
const withNode = (facts: ClusterFacts, name: string, more: Partial<NodeFacts>) =>
  withOwn(facts, ({ nodes }) => ({ nodes: nodes.map((node) => (node.name === name ? { ...node, ...more } : node)) }))

test('bare nodes and healthy stacks are not refused', () => {
  expect(told(bareFacts())).toEqual([])
  expect(told(healthyFacts(wantedOf()))).toEqual([])
})

const NODE_CASES: [string, Partial<NodeFacts>, RegExp][] = [
  ['architecture', { arch: 'aarch64' }, /expected architecture x86_64, got aarch64/],
  ['no Docker', { docker: undefined }, /no Docker daemon answers/],
  ['Docker 29', { docker: '29.0.1' }, /expected Docker older than 29, got 29.0.1/],
  ['no Docker rights', { dockerRights: false }, /user rancher may not use Docker/],
  ['clock', { clock: { aheadMs: -8_000, uncertainMs: 50 } }, /clock is -8.0 s off/],
  ['disk', { freeBytes: 2 * 1024 ** 3 }, /expected 5.0 GiB free below \/var\/lib, got 2.0 GiB/],
  ['ports', { listening: [22, 80, 6443] }, /ports in use: 80, 6443/],
  ['forwarding', { forwards: false }, /forwards no TCP/],
  ['host name', { hostname: 'node-1' }, /host name node-1 is another node's too/],
  ['containers of others', { containers: [containerOf('shop-db')] }, /containers of others: shop-db/],
]

test.each(NODE_CASES)('a node that is to join: %s', (_name, more, expected) => {
  const lines = told(withNode(bareFacts(), 'node-2', more)).filter((line) => line.startsWith('node-2'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(expected)
})

test('a clock is judged by what is certain of it', () => {
  expect(told(withNode(bareFacts(), 'node-2', { clock: { aheadMs: 8_000, uncertainMs: 4_000 } }))).toEqual([])
})

test('everything is told at once, every unreachable host by name', () => {
  const facts = withOwn(withNode(bareFacts(), 'node-1', { docker: '29.0.0', dockerRights: false }), () => ({
    unreached: [
      { name: 'node-2', why: 'timed out' },
      { name: 'node-3', why: 'host key changed' },
    ],
  }))
  expect(told(facts)).toHaveLength(4)
  expect(told(facts).join()).toMatch(
    /node-2: cannot be reached: timed out.*node-3: cannot be reached: host key changed/,
  )
})

test("an unreachable machine nobody wants is nobody's trouble", () => {
  expect(told(withOwn(bareFacts(), () => ({ unreached: [{ name: 'node-9', why: 'gone' }] })))).toEqual([])
})

test("on a node that has joined, a stranger's container and ports in use are no trouble", () => {
  const facts = withOwn(healthyFacts(wantedOf()), ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, containers: [...node.containers, containerOf('exporter')] })),
  }))
  expect(told(facts)).toEqual([])
})

test("ports held by a leftover of rke's own port check are freed, not refused", () => {
  const more = { listening: [2379, 2380], containers: [containerOf('rke-etcd-port-listener')] }
  expect(told(withNode(bareFacts(), 'node-2', more))).toEqual([])
})

test('pods and containers of rke are not containers of others', () => {
  const containers = [
    containerOf('k8s_web'),
    containerOf('x', { labels: { 'io.kubernetes.pod.name': 'web' } }),
    containerOf('cert-deployer'),
  ]
  expect(told(withNode(bareFacts(), 'node-2', { containers }))).toEqual([])
})

test('a version that rke takes without offering it is installed', () => {
  expect(told(bareFacts(), wantedOf(3, { version: 'v1.31.4-rancher1-1' }))).toEqual([])
})

const CLUSTER_CASES: [string, ClusterFacts, Partial<WantedCluster>, RegExp][] = [
  [
    'a version rke does not know',
    bareFacts(),
    { version: 'v1.29.0-rancher1-1' },
    /does not know v1.29.0-rancher1-1; it knows v1.32.6-rancher1-1, v1.31.10-rancher1-1, v1.30.14-rancher1-1$/,
  ],
  [
    'a running version is not changed',
    healthyFacts(wantedOf()),
    { version: 'v1.31.10-rancher1-1' },
    /install never changes a running version/,
  ],
  ['a host name cannot change', healthyFacts(wantedOf()), { hostname: 'other.test' }, /answers to rancher.test/],
  [
    'a memory of a cluster, and none there',
    bareFacts(),
    { rememberedUid: 'uid-9' },
    /had a cluster \(uid-9\), and there is none/,
  ],
  [
    'another cluster than remembered',
    healthyFacts(wantedOf()),
    { rememberedUid: 'uid-9' },
    /expected the cluster uid-9, got uid-1/,
  ],
  ['parts of rke-config that are ours', bareFacts(), { config: { nodes: [] } }, /nodes is set by the action/],
  [
    'a lost quorum',
    { ...healthyFacts(wantedOf()), state: 'quorum-lost' },
    {},
    /lost its quorum: of 3 members 2 must agree; data is left on node-1, node-2, node-3/,
  ],
  [
    'a cluster whose state nobody has',
    withOwn(healthyFacts(wantedOf()), ({ nodes }) => ({
      nodes: nodes.map((node) => ({ ...node, state: undefined })),
      unrecoverable: 'no full-cluster-state',
    })),
    {},
    /its state is not to be had: no full-cluster-state/,
  ],
  [
    'etcd data and no state at all',
    {
      ...withOwn(bareFacts(2), ({ nodes }) => ({ nodes: [...nodes, bareNode(3, { etcdData: true })] })),
      state: 'unfinished',
    },
    {},
    /its state is not to be had/,
  ],
  [
    'two states of one generation',
    withNode(healthyFacts(wantedOf()), 'node-2', {
      state: foundOf('node-2', { stateSha256: 'bb', actualSha256: 'bb' }),
    }),
    {},
    /same generation 2 and different content/,
  ],
]

test.each(CLUSTER_CASES)('%s', (_name, facts, more, expected) => {
  const lines = told(facts, wantedOf(3, more))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(expected)
})

test('a new cluster on purpose forgets the memory and the lost quorum', () => {
  expect(told(bareFacts(), wantedOf(3, { rememberedUid: 'uid-9', newCluster: true }))).toEqual([])
  expect(told({ ...healthyFacts(wantedOf()), state: 'quorum-lost' }, wantedOf(3, { newCluster: true }))).toEqual([])
})

const SUBJECTS: [string, ClusterFacts, Partial<WantedCluster>, [string, string]][] = [
  [
    'an unreached node',
    withOwn(bareFacts(), () => ({ unreached: [{ name: 'node-2', why: 'x' }] })),
    {},
    ['ssh', 'node-2'],
  ],
  ['a node', withNode(bareFacts(), 'node-2', { forwards: false }), {}, ['preflight', 'node-2']],
  ['an unknown version', bareFacts(), { version: 'v1.29.0-rancher1-1' }, ['input', 'kubernetes-version']],
  ['another version', healthyFacts(wantedOf()), { version: 'v1.31.10-rancher1-1' }, ['input', 'kubernetes-version']],
  ['a host name', healthyFacts(wantedOf()), { hostname: 'other.test' }, ['preflight', 'hostname']],
  ['no cluster', bareFacts(), { rememberedUid: 'uid-9' }, ['preflight', 'cluster']],
  ['another cluster', healthyFacts(wantedOf()), { rememberedUid: 'uid-9' }, ['preflight', 'cluster']],
  ['a lost quorum', { ...healthyFacts(wantedOf()), state: 'quorum-lost' }, {}, ['preflight', 'etcd']],
  [
    'two states',
    withNode(healthyFacts(wantedOf()), 'node-2', {
      state: foundOf('node-2', { stateSha256: 'bb', actualSha256: 'bb' }),
    }),
    {},
    ['preflight', 'state'],
  ],
  ['no state', lostState(), {}, ['preflight', 'state']],
  [
    'a restore that goes on',
    withNode(healthyFacts(wantedOf()), 'node-1', {
      state: foundOf('node-1', { restoring: { snapshot: 's', sha256: 'x', clusterUid: 'u', takenAt: '', from: 'f' } }),
    }),
    {},
    ['preflight', 'cluster'],
  ],
]
test.each(SUBJECTS)('it is told what it is about: %s', (_name, facts, more, expected) => {
  expect(refuseCluster(facts, wantedOf(3, more)).map(({ kind, subject }) => [kind, subject])).toEqual([expected])
})

function lostState(more: Partial<ClusterFacts> = {}): ClusterFacts {
  const facts = withOwn(healthyFacts(wantedOf()), ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, state: undefined })),
  }))
  return { ...facts, ...more }
}

test('a cluster without a state that can be had otherwise, or is not to be kept, is not refused', () => {
  const recovered = { source: 'Secret', caFingerprint: 'ca-1', config: {} }
  expect(told(withOwn(lostState(), () => ({ recovered })))).toEqual([])
  expect(told(lostState(), wantedOf(3, { givenState: '{}' }))).toEqual([])
  expect(told(lostState({ state: 'unfinished' }), wantedOf(3, { newCluster: true }))).toEqual([])
  expect(told(lostState(), wantedOf(3, { newCluster: true }))).toHaveLength(1)
  expect(told(lostState({ state: 'quorum-lost' }))).toEqual([expect.stringContaining('lost its quorum')])
})

test('the cluster that is remembered is the right one, and one that does not say which it is may be', () => {
  expect(told(healthyFacts(wantedOf()), wantedOf(3, { rememberedUid: 'uid-1' }))).toEqual([])
  const silent = { ...healthyFacts(wantedOf()), state: 'unfinished' as const, uid: undefined }
  expect(told(silent, wantedOf(3, { rememberedUid: 'uid-1' }))).toEqual([])
})

test('a host name is free as long as it is not known what was asked, or whether there is a cluster', () => {
  const wanted = wantedOf(3, { hostname: 'other.test' })
  expect(told({ ...healthyFacts(wantedOf()), asked: undefined }, wanted)).toEqual([])
  expect(told({ ...healthyFacts(wantedOf()), uid: undefined }, wanted)).toEqual([])
})

test('of a lost quorum it is told how many there are, reached or not, and who holds data', () => {
  const lost = (change: Parameters<typeof withOwn>[1]) =>
    told(withOwn({ ...healthyFacts(wantedOf()), state: 'quorum-lost' }, change)).filter((line) => /quorum/.test(line))
  const unreached = [
    { name: 'node-2', why: 'x' },
    { name: 'node-3', why: 'x' },
  ]
  expect(lost(({ nodes }) => ({ nodes: nodes.slice(0, 1), unreached }))[0]).toMatch(
    /of 3 members 2 must agree; data is left on node-1$/,
  )
  expect(
    lost(({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, etcdData: node.name !== 'node-2' })) }))[0],
  ).toMatch(/data is left on node-1, node-3$/)
  expect(lost(({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, etcdData: false })) }))[0]).toMatch(
    /of 3 members 2 must agree; data is left on none$/,
  )
})

test("a machine nobody wants is nobody's trouble", () => {
  const stranger = { ...bareNode(9), arch: 'aarch64' }
  expect(told(withOwn(bareFacts(), ({ nodes }) => ({ nodes: [...nodes, stranger] })))).toEqual([])
})

test('the version that runs may be asked for, and one rke does not know goes on', () => {
  const facts = healthyFacts(wantedOf())
  expect(told(facts, wantedOf(3, { version: facts.version }))).toEqual([])
  expect(refuseCluster({ ...facts, version: 'v1.29.0-rancher1-1' }, wantedOf())).toEqual([])
})

test('so much free space as is needed is enough', () => {
  expect(told(withNode(bareFacts(), 'node-2', { freeBytes: 5 * 1024 ** 3 }))).toEqual([])
  expect(told(withNode(bareFacts(), 'node-2', { freeBytes: 5 * 1024 ** 3 - 1 }))).toHaveLength(1)
  expect(told(withNode(healthyFacts(wantedOf()), 'node-2', { freeBytes: 1024 ** 3 }))).toEqual([])
  expect(told(withNode(healthyFacts(wantedOf()), 'node-2', { freeBytes: 1024 ** 3 - 1 }))).toHaveLength(1)
})

test("a leftover of rke's port check that has ended holds no port", () => {
  const containers = [containerOf('rke-etcd-port-listener', { state: 'exited' })]
  expect(told(withNode(bareFacts(), 'node-2', { listening: [2379], containers }))).toEqual([
    'node-2: ports in use: 2379',
  ])
})

test('each container of others is named', () => {
  const containers = [containerOf('shop-db'), containerOf('shop-web')]
  expect(told(withNode(bareFacts(), 'node-2', { containers }))).toEqual([
    'node-2: runs containers of others: shop-db, shop-web',
  ])
})

test('a clock is judged by that of most nodes, not by the first or by the runner', () => {
  const clocks = (...ahead: number[]) =>
    told(
      withOwn(bareFacts(), ({ nodes }) => ({
        nodes: nodes.map((node, at) => ({ ...node, clock: { aheadMs: ahead[at] ?? 0, uncertainMs: 0 } })),
      })),
    )
  expect(clocks(60_000, 60_000, 60_000)).toEqual([])
  expect(clocks(10_000, 0, 10_100)).toEqual([expect.stringMatching(/^node-2: its clock is -10\.0 s off/)])
  expect(clocks(0, 0, 5_000)).toEqual([])
  expect(clocks(0, 0, 5_001)).toHaveLength(1)
})
