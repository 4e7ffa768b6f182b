import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ClusterFacts, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { own } from '../../../../src/kubernetes/rke/facts.ts'
import { planCluster } from '../../../../src/kubernetes/rke/plan.ts'
import { quorum } from '../../../../src/quorum.ts'
import type { Step } from '../../../../src/steps.ts'
import { bareFacts, containerOf, foundOf, healthyFacts, nodeOf, wantedOf, wipe, withOwn } from './world.ts'

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

test('images a node lacks are loaded on each node at the same time, before rke is run', () => {
  const wanted = wantedOf(3, { images: [{ file: 'k.tar', sha256: 'x', names: ['rancher/hyperkube:v1'] }] })
  const facts = withOwn(bareFacts(), ({ nodes }) => ({
    nodes: nodes.map((node) => (node.name === 'node-2' ? { ...node, images: ['rancher/hyperkube:v1'] } : node)),
  }))
  const steps = planCluster(facts, wanted)
  expect(ids(steps)).toEqual(['load-images-node-1', 'load-images-node-3', ...BUILD])
  expect(steps.slice(0, 2).every(({ needs }) => needs.length === 0)).toBe(true)
  expect(steps.find(({ id }) => id === 'cluster-up')?.needs).toContain('load-images-node-3')
})

test('nodes that are not there yet are planned for as bare ones', () => {
  expect(ids(planCluster(bareFacts(0), wantedOf(3, { images: [{ file: 'k', sha256: 'x', names: ['a:1'] }] })))).toEqual(
    ['load-images-node-1', 'load-images-node-2', 'load-images-node-3', ...BUILD],
  )
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
