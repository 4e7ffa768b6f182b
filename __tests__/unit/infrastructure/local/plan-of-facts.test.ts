import { expect, test } from '@jest/globals'
import type { InfrastructureFacts } from '../../../../src/infrastructure/infrastructure.ts'
import type { LocalFindings } from '../../../../src/infrastructure/local/findings.ts'
import { renderHaproxy } from '../../../../src/infrastructure/local/haproxy.ts'
import { findingsOf, planLocal, planLocalDestroy } from '../../../../src/infrastructure/local/plan.ts'
import type { Step } from '../../../../src/steps.ts'

const HOSTNAME = 'rancher.example.test'
const WANTED = { nodeCount: 3, hostname: HOSTNAME }
const ADDRESSES = ['10.77.4.11', '10.77.4.12', '10.77.4.13']
const CONFIG = renderHaproxy(ADDRESSES.map((address, at) => ({ name: `node-${at + 1}`, address })))
type Node = LocalFindings['nodes'][number]
const node = (number: number, more: Partial<Node> = {}): Node => ({
  name: `node-${number}`,
  address: `10.77.4.1${number}`,
  container: 'running',
  volume: true,
  keyed: true,
  ...more,
})

/** All stands as it was asked. */
const WHOLE: LocalFindings = {
  image: { name: 'machine:1', here: true, built: true },
  network: { here: true, subnet: '10.77.4.0/24' },
  balancer: {
    name: 'lb',
    address: '10.77.4.10',
    container: 'running',
    volume: true,
    publicKey: 'ssh-ed25519 AAAA',
    config: CONFIG,
  },
  nodes: [node(1), node(2), node(3)],
  entry: { hostname: HOSTNAME, address: '10.77.4.10' },
}
const NOTHING: LocalFindings = {
  image: { name: 'machine:1', here: false, built: true },
  network: { here: false, subnet: '10.77.4.0/24' },
  balancer: { ...WHOLE.balancer, container: 'missing', volume: false, publicKey: undefined, config: undefined },
  nodes: [],
  entry: undefined,
}
const SERVING = { address: '10.77.4.10', targets: ADDRESSES, serving: true }

function facts(own: unknown, loadBalancer: InfrastructureFacts['loadBalancer'] = SERVING): InfrastructureFacts {
  return {
    nodes: [],
    loadBalancer,
    name: { hostname: HOSTNAME, addresses: [] },
    memory: { clusterUid: undefined, hostname: undefined },
    refusals: [],
    owned: [],
    own,
  }
}
const whole = (more: Partial<LocalFindings>) => facts({ ...WHOLE, ...more })
const ids = (steps: Step[]) => steps.map(({ id }) => id)
const MINUTE = 60_000

test('all that stands as it was asked needs nothing', () => {
  expect(planLocal(facts(WHOLE), WANTED)).toEqual([])
})

test('from nothing: what each step does, in the room it is done in, and what it waits for', () => {
  const steps = planLocal(facts(NOTHING, undefined), WANTED)
  const ground = ['build-image', 'create-network']
  const room = 'infrastructure'
  expect(steps.map(({ id, needs, change }) => ({ id, needs, change }))).toEqual([
    { id: 'build-image', needs: [], change: { room, kind: 'build-image', image: 'machine:1' } },
    { id: 'create-network', needs: [], change: { room, kind: 'create-network', subnet: '10.77.4.0/24' } },
    { id: 'create-balancer', needs: ground, change: { room, kind: 'create-balancer', address: '10.77.4.10' } },
    { id: 'update-balancer', needs: ['create-balancer'], change: { room, kind: 'update-balancer', config: CONFIG } },
    ...[1, 2, 3].map((at) => ({
      id: `create-node-${at}`,
      needs: [...ground, 'create-balancer'],
      change: { room, kind: 'create-node', node: `node-${at}`, address: `10.77.4.1${at}` },
    })),
    {
      id: 'set-name',
      needs: ['create-balancer'],
      change: { room, kind: 'set-name', hostname: HOSTNAME, address: '10.77.4.10' },
    },
  ])
  expect(steps.map(({ title }) => title)).toEqual([
    'Build the image of the machines',
    'Create the network 10.77.4.0/24',
    'Create the load balancer',
    'Balance node-1, node-2, node-3',
    'Create node-1',
    'Create node-2',
    'Create node-3',
    `Let ${HOSTNAME} resolve to 10.77.4.10`,
  ])
  for (const { deadlineMs } of steps) expect(deadlineMs).toBeGreaterThanOrEqual(MINUTE)
})

const repairs: [string, Partial<LocalFindings>, string[]][] = [
  ['an image that is given is not built', { image: { name: 'x:1', here: false, built: false } }, []],
  ['an image that is gone', { image: { ...WHOLE.image, here: false } }, ['build-image']],
  ['a network that is gone', { network: { ...WHOLE.network, here: false } }, ['create-network']],
  ['a balancer that stopped', { balancer: { ...WHOLE.balancer, container: 'stopped' } }, ['create-balancer']],
  ['a balancer of another configuration', { balancer: { ...WHOLE.balancer, config: 'x' } }, ['update-balancer']],
  ['a node that is missing', { nodes: [node(1), node(3)] }, ['create-node-2']],
  [
    'a node of which a volume is left',
    { nodes: [node(1), node(2, { container: 'missing' }), node(3)] },
    ['create-node-2'],
  ],
  ['a node that stopped', { nodes: [node(1), node(2, { container: 'stopped' }), node(3)] }, ['start-node-2']],
  ['a node that was only created', { nodes: [node(1), node(2, { container: 'created' }), node(3)] }, ['finish-node-2']],
  ['a node that lets nobody in', { nodes: [node(1), node(2, { keyed: false }), node(3)] }, ['finish-node-2']],
  ['no name', { entry: undefined }, ['set-name']],
  ['another name', { entry: { hostname: 'other.test', address: '10.77.4.10' } }, ['set-name']],
  ['a name for another address', { entry: { hostname: HOSTNAME, address: '10.77.4.99' } }, ['set-name']],
]
test.each(repairs)('%s', (_name, more, steps) => {
  expect(ids(planLocal(whole(more), WANTED))).toEqual(steps)
})

test('a balancer without its key is made again, and every node is told of the new one', () => {
  const steps = planLocal(whole({ balancer: { ...WHOLE.balancer, publicKey: undefined } }), WANTED)
  expect(ids(steps)).toEqual(['create-balancer', 'finish-node-1', 'finish-node-2', 'finish-node-3'])
  expect(steps.map(({ title }) => title)[0]).toBe('Create the load balancer')
  expect(steps[1]?.change).toMatchObject({ kind: 'create-node', node: 'node-1' })
})

test('a machine that is there is started, and one that is not is made', () => {
  const stopped = planLocal(whole({ balancer: { ...WHOLE.balancer, container: 'stopped' } }), WANTED)
  expect(stopped[0]?.title).toBe('Start the load balancer')
  const node2 = planLocal(whole({ nodes: [node(1), node(2, { container: 'stopped' }), node(3)] }), WANTED)
  expect(node2[0]).toMatchObject({ title: 'Start node-2', change: { kind: 'start-node' } })
})

const forwarding: [string, InfrastructureFacts['loadBalancer']][] = [
  ['it serves nothing', { ...SERVING, serving: false }],
  ['it forwards to some', { ...SERVING, targets: ADDRESSES.slice(1) }],
  ['nothing is known of it', undefined],
]
test.each(forwarding)('a balancer is told its nodes again when %s', (_name, loadBalancer) => {
  const known = loadBalancer === undefined ? { ...facts(WHOLE), loadBalancer } : facts(WHOLE, loadBalancer)
  expect(ids(planLocal(known, WANTED))).toEqual(['update-balancer'])
})

test('a node keeps the address it has, and is balanced there', () => {
  const moved = [node(1), node(2, { address: '10.77.4.99' }), node(3)]
  const [step] = planLocal(whole({ nodes: moved }), WANTED)
  expect(step?.change['config']).toContain('10.77.4.99:443')
  expect(step?.change['config']).not.toContain('10.77.4.12:443')
})

test('nodes beyond the wanted count stay and are balanced, and only finished', () => {
  const more = (four: Partial<Node>) => planLocal(whole({ nodes: [...WHOLE.nodes, node(4, four)] }), WANTED)
  const [balance, ...rest] = more({})
  expect(balance).toMatchObject({ id: 'update-balancer', title: 'Balance node-1, node-2, node-3, node-4' })
  expect(rest).toEqual([])
  expect(ids(more({ keyed: false }))).toEqual(['update-balancer', 'finish-node-4'])
  expect(ids(more({ container: 'stopped' }))).toEqual(['update-balancer'])
  expect(ids(more({ container: 'missing' }))).toEqual([])
})

test('what waits for a step that is not planned waits for nothing', () => {
  expect(planLocal(whole({ nodes: [node(1), node(2)] }), WANTED)[0]?.needs).toEqual([])
})

test('to leave nothing: the name and the nodes first, what remembers the cluster then, the network last', () => {
  const steps = planLocalDestroy(facts(WHOLE))
  const room = 'infrastructure'
  const nodes = ['remove-node-1', 'remove-node-2', 'remove-node-3']
  expect(steps.map(({ id, needs, change }) => ({ id, needs, change }))).toEqual([
    { id: 'remove-name', needs: [], change: { room, kind: 'remove-name' } },
    ...[1, 2, 3].map((at) => ({
      id: `remove-node-${at}`,
      needs: [],
      change: { room, kind: 'remove-machine', machine: `node-${at}` },
    })),
    {
      id: 'remove-balancer',
      needs: ['remove-name', ...nodes],
      change: { room, kind: 'remove-machine', machine: 'lb' },
    },
    {
      id: 'remove-network',
      needs: ['remove-name', ...nodes, 'remove-balancer'],
      change: { room, kind: 'remove-network' },
    },
  ])
  for (const { deadlineMs } of steps) expect(deadlineMs).toBeGreaterThanOrEqual(MINUTE)
})

test('what is not there is not removed, and of a balancer its volume is', () => {
  expect(planLocalDestroy(facts(NOTHING))).toEqual([])
  const left = { ...NOTHING, balancer: { ...NOTHING.balancer, volume: true } }
  expect(ids(planLocalDestroy(facts(left)))).toEqual(['remove-balancer'])
  const machine = { ...NOTHING, balancer: { ...NOTHING.balancer, container: 'stopped' as const } }
  expect(ids(planLocalDestroy(facts(machine)))).toEqual(['remove-balancer'])
})

test('facts of another provider are a bug', () => {
  expect(() => findingsOf(facts(undefined))).toThrow(expect.objectContaining({ kind: 'bug' }))
})
