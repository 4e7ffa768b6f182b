import { expect, test } from '@jest/globals'
import { BUILT_IMAGE } from '../../../../src/infrastructure/local/image.ts'
import { namesOf } from '../../../../src/infrastructure/local/names.ts'
import { PATHS } from '../../../../src/infrastructure/local/paths.ts'
import { carryOut } from '../../../contract/infrastructure.ts'
import { type LocalFixture, localFixture } from './fixture.ts'

test('a new stack: the ground, the balancer with the key, then all nodes together', async () => {
  await using fixture = await localFixture()
  const plan = await planOf(fixture)
  expect(plan.map(({ id, needs }) => [id, needs])).toEqual([
    ['create-network', []],
    ['create-balancer', ['create-network']],
    ['update-balancer', ['create-balancer']],
    ['create-node-1', ['create-network', 'create-balancer']],
    ['create-node-2', ['create-network', 'create-balancer']],
    ['create-node-3', ['create-network', 'create-balancer']],
    ['set-name', ['create-balancer']],
  ])
  expect(plan.map(({ title }) => title)).toContain('Create node-2')
})

test('without an image given one is built first; a given one is left to Docker', async () => {
  await using unnamed = await localFixture(undefined, { build: true })
  const [first, ...others] = await planOf(unnamed)
  expect(first).toMatchObject({ id: 'build-image', change: { image: BUILT_IMAGE } })
  expect(
    others.filter(({ id }) => id.startsWith('create-node')).every(({ needs }) => needs.includes('build-image')),
  ).toBe(true)
  await using given = await localFixture('elsewhere:1')
  expect((await planOf(given)).map(({ id }) => id)).not.toContain('build-image')
})

const damages: [string, (fixture: LocalFixture) => void, string[]][] = [
  ['a node that was stopped is started', stop('node-2'), ['Start node-2']],
  ['a node that is gone is made again, with its name', remove('node-2'), ['Create node-2']],
  ['a node that lets nobody in is finished', forget('node-3', PATHS.authorizedKeys), ['Finish node-3']],
  ['a node that lets in another key is finished', replace('node-3', PATHS.authorizedKeys), ['Finish node-3']],
  ['a balancer configured otherwise is put right', replace('lb', PATHS.haproxy), ['Balance node-1, node-2, node-3']],
  ['a balancer that was stopped is started', stop('lb'), ['Start the load balancer', 'Balance node-1, node-2, node-3']],
  [
    'with a new key of the stack every node is told of it',
    forget('lb', PATHS.publicKey),
    ['Create the load balancer', 'Finish node-1', 'Finish node-2', 'Finish node-3'],
  ],
  ['a balancer whose HAProxy died runs it again', dieHaproxy, ['Balance node-1, node-2, node-3']],
  ['a name that was taken away is given again', loseName, ['Let rancher.example.test resolve to 10.77.0.10']],
]

test.each(damages)('%s', async (_, damage, expected) => {
  await using fixture = await localFixture()
  const infrastructure = fixture.open()
  await carryOut(infrastructure, await planOf(fixture))
  damage(fixture)
  const plan = await planOf(fixture)
  const subnet = /10\.77\.\d+\./
  expect(plan.map(({ title }) => title.replace(subnet, '10.77.0.'))).toEqual(expected)
  await carryOut(infrastructure, plan)
  expect(await planOf(fixture)).toEqual([])
  expect((await infrastructure.inspect()).nodes.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3'])
})

test('a stopped node stays a node of the stack, known by its host key', async () => {
  await using fixture = await localFixture()
  await carryOut(fixture.open(), await planOf(fixture))
  const before = (await fixture.open().inspect()).nodes
  stop('node-2')(fixture)
  const after = (await fixture.open().inspect()).nodes
  expect(after).toEqual(before.map((node) => (node.name === 'node-2' ? { ...node, state: 'stopped' } : node)))
})

test('more nodes are added to the balancer, and those beyond the wanted count stay', async () => {
  await using fixture = await localFixture()
  const infrastructure = fixture.open()
  await carryOut(infrastructure, await planOf(fixture))
  const grown = { ...fixture.wanted, nodeCount: 5 }
  const plan = infrastructure.plan(await infrastructure.inspect(), grown)
  expect(plan.map(({ id }) => id)).toEqual(['update-balancer', 'create-node-4', 'create-node-5'])
  await carryOut(infrastructure, plan)
  expect((await infrastructure.inspect()).loadBalancer?.targets).toHaveLength(5)
  expect(await planOf(fixture)).toEqual([])
})

test('a node at another address keeps it, and is balanced there', async () => {
  await using fixture = await localFixture()
  const infrastructure = fixture.open()
  await carryOut(infrastructure, await planOf(fixture))
  const { daemon } = fixture
  const moved = daemon.machine(namesOf(fixture.stack).container('node-2'))
  moved.spec = { ...moved.spec, address: moved.spec.address.replace(/\d+$/, '99') }
  const plan = await planOf(fixture)
  expect(plan.map(({ id }) => id)).toEqual(['update-balancer'])
  await carryOut(infrastructure, plan)
  expect((await infrastructure.inspect()).loadBalancer?.targets).toContain(moved.spec.address)
})

test('machines of a stack that ends by itself are not started again by Docker', async () => {
  await using fixture = await localFixture()
  const infrastructure = fixture.open({ ttlMs: 60_000, now: () => new Date(0) })
  await carryOut(infrastructure, await planOf(fixture))
  for (const { spec } of fixture.daemon.machines.values()) {
    expect(spec.restart).toBe(false)
    expect(spec.labels['rancher-ha/expires']).toBe('1970-01-01T00:01:00.000Z')
  }
})

test('a host name is remembered, and read again when none is asked for', async () => {
  await using fixture = await localFixture()
  const unnamed = fixture.open({ hostname: undefined })
  expect((await unnamed.inspect()).name.hostname).toBe('rancher.rancher.test')
  await carryOut(fixture.open(), await planOf(fixture))
  expect((await unnamed.inspect()).name.hostname).toBe(fixture.wanted.hostname)
})

test('what remembers the cluster goes after the nodes, the network last', async () => {
  await using fixture = await localFixture()
  const infrastructure = fixture.open()
  await carryOut(infrastructure, await planOf(fixture))
  const plan = infrastructure.planDestroy(await infrastructure.inspect())
  expect(plan.map(({ id }) => id)).toEqual([
    'remove-name',
    'remove-node-1',
    'remove-node-2',
    'remove-node-3',
    'remove-balancer',
    'remove-network',
  ])
  expect(plan.at(-2)?.needs).toEqual(['remove-name', 'remove-node-1', 'remove-node-2', 'remove-node-3'])
})

async function planOf(fixture: LocalFixture) {
  const infrastructure = fixture.open()
  return infrastructure.plan(await infrastructure.inspect(), fixture.wanted)
}

function stop(machine: string) {
  return ({ daemon, stack }: LocalFixture) => daemon.stop(namesOf(stack).container(machine))
}

function remove(machine: string) {
  return ({ daemon, stack }: LocalFixture) => {
    daemon.machines.delete(namesOf(stack).container(machine))
    daemon.volumes.delete(namesOf(stack).volume(machine))
  }
}

function forget(machine: string, path: string) {
  return ({ daemon, stack }: LocalFixture) => {
    const found = daemon.machine(namesOf(stack).container(machine))
    daemon.files(found, path).delete(path)
  }
}

function replace(machine: string, path: string) {
  return ({ daemon, stack }: LocalFixture) => {
    const found = daemon.machine(namesOf(stack).container(machine))
    daemon.files(found, path).set(path, 'ssh-ed25519 AAAAsomethingelse\n')
  }
}

function dieHaproxy({ daemon, stack }: LocalFixture) {
  daemon.machine(namesOf(stack).container('lb')).haproxy = undefined
}

function loseName({ runner }: LocalFixture) {
  runner.hosts = ''
}
