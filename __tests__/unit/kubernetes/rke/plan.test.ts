import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ClusterFacts, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { own } from '../../../../src/kubernetes/rke/facts.ts'
import { planCluster } from '../../../../src/kubernetes/rke/plan.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import { quorum } from '../../../../src/quorum.ts'
import type { Step } from '../../../../src/steps.ts'
import { bareFacts, containerOf, foundOf, healthyFacts, imageOf, nodeOf, wantedOf, wipe, withOwn } from './world.ts'

const ids = (steps: Step[]) => steps.map(({ id }) => id)
const BUILD = ['write-state-ahead', 'cluster-up', 'prove-cluster']
const PULLS = ['pull-images-node-1', 'pull-images-node-2', 'pull-images-node-3']

test('a healthy stack as it was asked has an empty plan', () => {
  const wanted = wantedOf()
  expect(planCluster(healthyFacts(wanted), wanted)).toEqual([])
})

test('bare nodes: the state is written before rke is run, and the cluster is proven after it', () => {
  const steps = planCluster(bareFacts(), wantedOf())
  expect(ids(steps)).toEqual([...PULLS, ...BUILD])
  expect(steps.map(({ needs }) => needs)).toEqual([[], [], [], [], [...PULLS, 'write-state-ahead'], ['cluster-up']])
})

test('each step says what it is to do, in the room it is done in', () => {
  const version = TESTED_VERSION
  const whole = planCluster(bareFacts(1), wantedOf(1))
  expect(whole.map(({ change }) => change)).toEqual([
    { room: 'kubernetes', kind: 'pull-images', node: 'node-1', version },
    { room: 'kubernetes', kind: 'write-state-ahead', version },
    { room: 'kubernetes', kind: 'cluster-up', version, joins: [], leaves: [] },
    { room: 'kubernetes', kind: 'prove-cluster', version },
  ])
  const images = [imageOf('a:1')]
  const left = withOwn(bareFacts(1), ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, containers: [containerOf('rke-etcd-port-listener')] })),
  }))
  const again = planCluster({ ...left, state: 'unfinished' }, wantedOf(1, { images, newCluster: true }))
  expect(again.slice(0, 3).map(({ change }) => change)).toEqual([
    { room: 'kubernetes', kind: 'load-images', node: 'node-1', version },
    { room: 'kubernetes', kind: 'clear-leftovers', node: 'node-1' },
    { room: 'kubernetes', kind: 'clean-node', node: 'node-1' },
  ])
  const lost = withOwn(healthyFacts(wantedOf(1)), ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, state: foundOf('node-1', { actualSha256: undefined }) })),
  }))
  const keep = planCluster(lost, wantedOf(1))
  expect(keep.map(({ change }) => change)).toEqual([{ room: 'kubernetes', kind: 'keep-state', version }])
  for (const { deadlineMs } of [...whole, ...again, ...keep]) expect(deadlineMs).toBeGreaterThanOrEqual(60_000)
})

test('nodes that are not there yet have their images pulled', () => {
  expect(ids(planCluster(bareFacts(0), wantedOf()))).toEqual([...PULLS, ...BUILD])
})

test('what rke is run for is said', () => {
  const title = (steps: Step[]) => steps.find(({ id }) => id === 'cluster-up')?.title
  const wanted = wantedOf(5)
  const facts = healthyFacts(wanted)
  expect(title(planCluster(bareFacts(), wantedOf()))).toBe('Build Kubernetes v1.32.6 with rke')
  expect(title(planCluster(facts, { ...wanted, config: { network: { plugin: 'none' } } }))).toBe(
    'Bring Kubernetes to its settings with rke',
  )
  expect(title(planCluster(wipe(wipe(facts, 'node-2'), 'node-4'), wanted))).toBe('Join node-2, node-4 with rke')
})

test('members leave one after the other, the first when the state is written', () => {
  const wanted = wantedOf(5)
  const steps = planCluster(wipe(wipe(healthyFacts(wanted), 'node-2'), 'node-4'), wanted)
  const leaves = steps.filter(({ id }) => id.startsWith('leave-'))
  expect(leaves.map(({ id, needs }) => [id, needs])).toEqual([
    ['leave-node-2', ['write-state-ahead']],
    ['leave-node-4', ['leave-node-2']],
  ])
  for (const { deadlineMs } of leaves) expect(deadlineMs).toBeGreaterThanOrEqual(60_000)
})

test('images a node lacks are loaded on each node at the same time, before rke is run', () => {
  const wanted = wantedOf(3, { images: [imageOf('rancher/hyperkube:v1')] })
  const facts = withOwn(bareFacts(), ({ nodes }) => ({
    nodes: nodes.map((node) => (node.name === 'node-2' ? { ...node, images: ['rancher/hyperkube:v1'] } : node)),
  }))
  const steps = planCluster(facts, wanted)
  expect(ids(steps)).toEqual(['load-images-node-1', 'load-images-node-3', ...BUILD])
  expect(steps.slice(0, 2).every(({ needs }) => needs.length === 0)).toBe(true)
  expect(steps.find(({ id }) => id === 'cluster-up')?.needs).toContain('load-images-node-3')
})

test('of a bundle with several versions of Kubernetes only the images of the one that is built are loaded', () => {
  const images = ['v1.31.4', 'v1.32.6'].map((kubernetes) => imageOf(`kubernetes:${kubernetes}`, { kubernetes }))
  const facts = (image: string) =>
    withOwn(bareFacts(1), ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, images: [image] })) }))
  const ahead = (image: string) =>
    ids(planCluster(facts(image), wantedOf(1, { images, version: 'v1.32.6-rancher1-1' }))).slice(0, -BUILD.length)
  expect(ahead('kubernetes:v1.32.6')).toEqual([])
  expect(ahead('kubernetes:v1.31.4')).toEqual(['load-images-node-1'])
})

test('what runs on Kubernetes is loaded while rke builds it, after what rke waits for', () => {
  const images = [
    imageOf('a:1'),
    imageOf('rancher:1', { for: 'rancher' }),
    imageOf('signer:1', { for: 'cert-manager' }),
  ]
  const steps = planCluster(bareFacts(2), wantedOf(2, { images }))
  const later = steps.filter(({ change }) => change.kind === 'load-workload-images')
  expect(later.map(({ id, needs }) => [id, needs])).toEqual([
    ['load-workload-images-node-1', ['load-images-node-1']],
    ['load-workload-images-node-2', ['load-images-node-2']],
  ])
  expect(steps.find(({ id }) => id === 'cluster-up')?.needs).toEqual([
    'load-images-node-1',
    'load-images-node-2',
    'write-state-ahead',
  ])
})

test('without a bundle Rancher is pulled while rke builds the cluster, after the images rke waits for', () => {
  const pulls = ['rancher/rancher:v2.11.3']
  const steps = planCluster(bareFacts(), wantedOf(3, { pulls }))
  const later = steps.filter(({ change }) => change.kind === 'pull-workload-images')
  expect(later.map(({ needs, change }) => [needs, change])).toEqual(
    ['node-1', 'node-2', 'node-3'].map((node) => [
      [`pull-images-${node}`],
      { room: 'kubernetes', kind: 'pull-workload-images', node, images: pulls },
    ]),
  )
  expect(steps.find(({ id }) => id === 'cluster-up')?.needs).toEqual([...PULLS, 'write-state-ahead'])
  const bundled = planCluster(bareFacts(), wantedOf(3, { pulls, images: [imageOf('a:1')] }))
  expect(ids(bundled).filter((id) => id.startsWith('pull-'))).toEqual([])
})

test('an awaited image is brought to nodes that need nothing else, and to those only that lack it', () => {
  const image = (name: string, awaited: boolean) => imageOf(name, { for: 'cert-manager', awaited })
  const wanted = wantedOf(3, { images: [image('signer:1', true), image('next:2', false)] })
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({
    nodes: nodes.map((node) => (node.name === 'node-2' ? { ...node, images: ['signer:1'] } : node)),
  }))
  expect(planCluster(facts, wanted).map(({ id, change }) => [id, change])).toEqual(
    ['node-1', 'node-3'].map((node) => [
      `load-workload-images-${node}`,
      { room: 'kubernetes', kind: 'load-workload-images', node },
    ]),
  )
  const onlyLater = wantedOf(3, { images: [image('next:2', false)] })
  expect(planCluster(facts, onlyLater)).toEqual([])
})

test('nodes that are not there yet are planned for as bare ones', () => {
  expect(ids(planCluster(bareFacts(0), wantedOf(3, { images: [imageOf('a:1')] })))).toEqual([
    'load-images-node-1',
    'load-images-node-2',
    'load-images-node-3',
    ...BUILD,
  ])
})

test('what a failed port check left is removed before rke is run', () => {
  const facts = withOwn(bareFacts(), ({ nodes }) => ({
    nodes: nodes.map((node, at) =>
      at === 1 ? { ...node, containers: [containerOf('rke-etcd-port-listener')] } : node,
    ),
  }))
  expect(ids(planCluster(facts, wantedOf()))).toEqual([...PULLS, 'clear-leftovers-node-2', ...BUILD])
})

test('a wiped node leaves etcd by its id and is joined as a new one', () => {
  const wanted = wantedOf()
  const steps = planCluster(wipe(healthyFacts(wanted), 'node-2'), wanted)
  expect(ids(steps)).toEqual(['pull-images-node-2', 'write-state-ahead', 'leave-node-2', 'cluster-up', 'prove-cluster'])
  expect(steps[2]?.change).toMatchObject({ kind: 'leave-member', node: 'node-2', memberId: 'a1' })
  expect(steps[3]?.change).toMatchObject({ joins: ['node-2'], leaves: ['node-2'] })
})

test('a member that crash-loops behind a successful rke up leaves and joins again', () => {
  const wanted = wantedOf()
  const facts = withOwn(
    {
      ...healthyFacts(wanted),
      etcd: healthyFacts(wanted).etcd.map((one) => (one.node === 'node-3' ? { ...one, healthy: false } : one)),
    },
    ({ nodes }) => ({
      nodes: nodes.map((node) =>
        node.name === 'node-3'
          ? { ...node, containers: [containerOf('kubelet'), containerOf('etcd', { state: 'restarting', restarts: 9 })] }
          : node,
      ),
    }),
  )
  expect(ids(planCluster(facts, wanted))).toContain('leave-node-3')
})

test('a member that only stopped keeps its place: rke starts it again', () => {
  const wanted = wantedOf()
  const facts = withOwn(
    {
      ...healthyFacts(wanted),
      etcd: healthyFacts(wanted).etcd.map((one) => (one.node === 'node-3' ? { ...one, healthy: false } : one)),
    },
    ({ nodes }) => ({
      nodes: nodes.map((node) =>
        node.name === 'node-3' ? { ...node, containers: [containerOf('etcd', { state: 'exited' })] } : node,
      ),
    }),
  )
  expect(ids(planCluster(facts, wanted))).toEqual(BUILD)
})

test('a node replaced by one with another address: the old member leaves, the new one joins', () => {
  const before = wantedOf()
  const replaced = { ...nodeOf(2), address: '10.77.0.92', privateAddress: '10.77.0.92' }
  const wanted = { ...before, nodes: before.nodes.map((node) => (node.name === 'node-2' ? replaced : node)) }
  const steps = planCluster(wipe(healthyFacts(before), 'node-2'), wanted)
  expect(ids(steps)).toEqual(['pull-images-node-2', 'write-state-ahead', 'leave-node-2', 'cluster-up', 'prove-cluster'])
  expect(steps[3]?.change).toMatchObject({ joins: ['node-2'] })
})

test('a node that left the settings and lives is left to rke, which cleans it too', () => {
  const wanted = wantedOf(3)
  const steps = planCluster(healthyFacts(wantedOf(5)), wanted)
  expect(ids(steps)).toEqual(BUILD)
})

test('a changed configuration runs rke; what is the same in another order does not', () => {
  const wanted = wantedOf()
  const facts = healthyFacts(wanted)
  expect(ids(planCluster(facts, { ...wanted, config: { network: { plugin: 'none' } } }))).toEqual(BUILD)
  expect(planCluster(facts, { ...wanted, nodes: wanted.nodes.toReversed() })).toEqual([])
})

test('a change that was begun and not finished is finished', () => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({
    nodes: nodes.map((node, at) =>
      at === 0 && node.state ? { ...node, state: { ...node.state, generation: 3, phase: 'pending' as const } } : node,
    ),
  }))
  expect(ids(planCluster(facts, wanted))).toEqual(BUILD)
})

const stateless = (wanted: WantedCluster) =>
  withOwn({ ...healthyFacts(wanted), asked: undefined }, ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, state: undefined })),
    recovered: { source: 'Secret', caFingerprint: 'ca-1', config: recorded(wanted) },
  }))

const recorded = ({ nodes }: WantedCluster) => ({
  kubernetesVersion: 'v1.32.6-rancher1-1',
  network: { plugin: 'canal' },
  services: { kubeController: { extraArgs: { 'allocate-node-cidrs': 'false' } } },
  nodes: nodes.map(({ name, privateAddress }) => ({
    hostnameOverride: name,
    address: privateAddress,
    role: ['etcd', 'worker', 'controlplane'],
  })),
})

test('a live cluster whose nodes lost our folder, or never had it, keeps its state and is not touched', () => {
  const config = {
    services: { 'kube-controller': { extra_args: { 'allocate-node-cidrs': 'false' } } },
    upgrade_strategy: { drain: true },
  }
  const wanted = wantedOf(3, { config })
  expect(ids(planCluster(stateless(wanted), wanted))).toEqual(['keep-state'])
})

test('a live cluster that is to be adopted with another configuration is brought to it', () => {
  const wanted = wantedOf(3, { config: { network: { plugin: 'none' } } })
  expect(ids(planCluster(stateless(wanted), wanted))).toEqual(BUILD)
})

test('one node that lost our folder gets it back', () => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({
    nodes: nodes.map((node, at) => (at === 1 ? { ...node, state: undefined } : node)),
  }))
  expect(ids(planCluster(facts, wanted))).toEqual(['keep-state'])
})

test('a node that holds an older generation gets the newest', () => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({
    nodes: nodes.map((node, at) => (at === 1 ? { ...node, state: foundOf('node-2', { generation: 1 }) } : node)),
  }))
  expect(ids(planCluster(facts, wanted))).toEqual(['keep-state'])
})

test('a lost quorum is nothing rke could mend', () => {
  expect(planCluster({ ...healthyFacts(wantedOf()), state: 'quorum-lost' }, wantedOf())).toEqual([])
})

test('a new cluster on purpose clears every node first', () => {
  const wanted = wantedOf(3, { newCluster: true })
  const steps = planCluster({ ...healthyFacts(wantedOf()), state: 'quorum-lost' }, wanted)
  expect(ids(steps)).toEqual(['clean-node-1', 'clean-node-2', 'clean-node-3', ...BUILD])
  expect(steps.find(({ id }) => id === 'write-state-ahead')?.needs).toEqual([
    'clean-node-1',
    'clean-node-2',
    'clean-node-3',
  ])
})

test('nodes are cleared only for a new cluster on purpose, and only over one that does not run', () => {
  const asked = { newCluster: true, config: { network: { plugin: 'none' } } }
  expect(ids(planCluster(healthyFacts(wantedOf()), wantedOf(3, asked)))).toEqual(BUILD)
  expect(ids(planCluster(bareFacts(), wantedOf(3, { newCluster: true })))).toEqual([...PULLS, ...BUILD])
  expect(ids(planCluster({ ...bareFacts(), state: 'unfinished' }, wantedOf()))).toEqual([...PULLS, ...BUILD])
})

const unwell: [string, (facts: ClusterFacts) => ClusterFacts][] = [
  ['a node that is not Ready', withNode('node-2', { ready: false })],
  ['a node of another version', withNode('node-2', { version: 'v1.31.10' })],
  [
    'a node Kubernetes does not know',
    (facts) => ({ ...facts, nodes: facts.nodes.filter((one) => one.name !== 'node-2') }),
  ],
  [
    'a node Kubernetes knows and nobody wants',
    (facts) => ({
      ...facts,
      nodes: facts.nodes.flatMap((one) => (one.name === 'node-3' ? [one, { ...one, name: 'node-9' }] : [one])),
    }),
  ],
  ['a member nothing is known of', (facts) => ({ ...facts, etcd: facts.etcd.filter((one) => one.node !== 'node-2') })],
  ['a cluster that nobody recorded', (facts) => ({ ...facts, asked: undefined })],
]
test.each(unwell)('rke is run for %s', (_name, change) => {
  const wanted = wantedOf()
  expect(ids(planCluster(change(healthyFacts(wanted)), wanted))).toEqual(BUILD)
})

function withNode(name: string, more: Partial<ClusterFacts['nodes'][number]>) {
  return (facts: ClusterFacts): ClusterFacts => ({
    ...facts,
    nodes: facts.nodes.map((node) => (node.name === name ? { ...node, ...more } : node)),
  })
}

test('a member at another address than its node has leaves, though all is well otherwise', () => {
  const before = wantedOf()
  const moved = { ...nodeOf(2), address: '10.77.0.92', privateAddress: '10.77.0.92' }
  const wanted = { ...before, nodes: before.nodes.map((node) => (node.name === 'node-2' ? moved : node)) }
  const facts = { ...healthyFacts(before), asked: healthyFacts(wanted).asked }
  expect(ids(planCluster(facts, wanted))).toEqual(['write-state-ahead', 'leave-node-2', 'cluster-up', 'prove-cluster'])
})

test('more nodes than are wanted are left to rke, when they were asked for by nobody', () => {
  const wanted = wantedOf(3)
  expect(ids(planCluster({ ...healthyFacts(wantedOf(5)), asked: healthyFacts(wanted).asked }, wanted))).toEqual(BUILD)
})

test('a cluster that comes with its state is taken as it is', () => {
  const wanted = wantedOf(3, { givenState: '{}' })
  expect(planCluster({ ...healthyFacts(wanted), asked: undefined }, wanted)).toEqual([])
})

const states: [string, string, Partial<ReturnType<typeof foundOf>> | undefined][] = [
  ['the last node lost its folder', 'node-3', undefined],
  ['the state on a node is not what it says', 'node-2', { actualSha256: 'bb' }],
  ['the state on a node is gone', 'node-2', { actualSha256: undefined }],
]
test.each(states)('every node gets the state: %s', (_name, node, more) => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({
    nodes: nodes.map((one) => (one.name === node ? { ...one, state: more && foundOf(node, more) } : one)),
  }))
  expect(ids(planCluster(facts, wanted))).toEqual(['keep-state'])
})

test('a node that was not asked gets the state, too', () => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), ({ nodes }) => ({ nodes: nodes.filter(({ name }) => name !== 'node-2') }))
  expect(ids(planCluster(facts, wanted))).toEqual(['keep-state'])
})

/** Stacks of 3, 5 or 7 nodes with a minority wiped. */
const damaged = fc
  .tuple(fc.constantFrom(3, 5, 7), fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }))
  .map(([count, flags]) => {
    const wanted = wantedOf(count)
    const wiped = wanted.nodes
      .map(({ name }) => name)
      .filter((_, at) => flags[at])
      .slice(0, count - quorum(count))
    return { wanted, wiped, facts: wiped.reduce(wipe, healthyFacts(wanted)) }
  })

/** What etcd has after a step: a member left, or rke joined what was to join, one at a time. */
function after(facts: ClusterFacts, { change }: Step, wanted: WantedCluster): ClusterFacts {
  if (change.kind === 'leave-member') {
    return withOwn(facts, ({ members }) => ({ members: members.filter(({ id }) => id !== change['memberId']) }))
  }
  return change.kind === 'cluster-up' ? healthyFacts(wanted) : facts
}

test('the quorum is kept at every moment, and once carried out there is nothing left to plan', () => {
  fc.assert(
    fc.property(damaged, ({ wanted, facts }) => {
      let now = facts
      for (const step of planCluster(facts, wanted)) {
        const members = own(now).members.length - (step.change.kind === 'leave-member' ? 1 : 0)
        expect(now.etcd.filter(({ healthy }) => healthy).length).toBeGreaterThanOrEqual(quorum(members))
        now = after(now, step, wanted)
      }
      expect(planCluster(now, wanted)).toEqual([])
    }),
  )
})

test('exactly the wiped nodes leave and join; the order of nodes does not matter', () => {
  fc.assert(
    fc.property(damaged, ({ wanted, wiped, facts }) => {
      const steps = planCluster(facts, wanted)
      expect(ids(steps).filter((id) => id.startsWith('leave-'))).toEqual(wiped.map((name) => `leave-${name}`))
      const shuffled = withOwn(
        { ...facts, nodes: facts.nodes.toReversed(), etcd: facts.etcd.toReversed() },
        ({ nodes, members }) => ({
          nodes: nodes.toReversed(),
          members: members.toReversed(),
        }),
      )
      expect(planCluster(shuffled, { ...wanted, nodes: wanted.nodes.toReversed() })).toEqual(steps)
    }),
  )
})
