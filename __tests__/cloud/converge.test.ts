import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { PERMISSIONS } from '../../src/infrastructure/aws/permissions.ts'
import { createInfrastructure } from '../../src/infrastructure/create.ts'
import type { InfrastructureFacts } from '../../src/infrastructure/infrastructure.ts'
import { type Account, type Asked, HOSTNAME, openAccount, openMoto, RUN, STACK } from './fixture.ts'
import { carryOut, destroyAll, runAll } from './run-all.ts'

const WANTED = { nodeCount: 3, hostname: HOSTNAME }

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
})

async function install(asked: Asked = {}): Promise<string[]> {
  return runAll(await account.open(asked), WANTED)
}

async function look(asked: Asked = {}): Promise<InfrastructureFacts> {
  return (await account.open(asked)).inspect()
}

test('nodes stand in three zones, behind a balancer and a group of their own, encrypted, with tokens for metadata', async () => {
  await install()
  const { nodes, loadBalancer, owned } = await look()
  const { Reservations } = await account.ec2.describeInstances({})
  const instances = Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []
  expect(new Set(instances.map(({ Placement }) => Placement?.AvailabilityZone)).size).toBe(3)
  for (const { MetadataOptions, SecurityGroups, Tags, ImageId } of instances) {
    expect(MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 })
    expect(SecurityGroups?.map(({ GroupName }) => GroupName)).toEqual([expect.stringMatching(/-nodes$/)])
    expect(Object.fromEntries(Tags?.map(({ Key, Value }) => [Key, Value]) ?? [])).toMatchObject({
      'rancher-ha/owner': STACK.owner,
      'rancher-ha/run': '41/1',
    })
    expect(ImageId).toBe('ami-0d0000000000000d2')
  }
  const { Volumes } = await account.ec2.describeVolumes({})
  expect(Volumes).toHaveLength(3)
  for (const { Encrypted, VolumeType, Size } of Volumes ?? [])
    expect([Encrypted, VolumeType, Size]).toEqual([true, 'gp3', 40])
  expect(nodes.map(({ hostKeys }) => hostKeys.length)).toEqual([1, 1, 1])
  expect(loadBalancer?.targets).toHaveLength(3)
  expect(owned).toHaveLength(9)
})

test('a run that finds nothing to do makes at most 20 calls, and with private addresses changes nothing', async () => {
  await install()
  account.calls.length = 0
  const infrastructure = await account.open()
  const facts = await infrastructure.inspect()
  expect(infrastructure.plan(facts, WANTED)).toEqual([])
  await infrastructure.door?.open(AbortSignal.timeout(5_000))
  await infrastructure.door?.close()
  expect(account.calls.length).toBeLessThanOrEqual(20)

  await install({ provider: { address: 'private' } })
  account.calls.length = 0
  const inside = await account.open({ provider: { address: 'private' } })
  expect(inside.plan(await inside.inspect(), WANTED)).toEqual([])
  await inside.door?.open(AbortSignal.timeout(5_000))
  await inside.door?.close()
  expect(account.calls.filter((action) => !/:(Describe|List|Get)/.test(action))).toEqual([])
})

test('every call of install, of a look and of destroy has its permission in the table', async () => {
  const of = (need: string) =>
    PERMISSIONS.filter(({ needs }) => needs.some((one) => one === need)).map(({ action }) => action)
  const provider = { ttlMs: 3_600_000 * 48, apiListener: true }
  const missing = async (allowed: string[], act: () => Promise<unknown>) => {
    account.calls.length = 0
    await act()
    return [...new Set(account.calls)].filter((action) => !allowed.includes(action))
  }
  const door = of('door')
  expect(await missing([...of('install'), ...door], () => install({ provider }))).toEqual([])
  await account.ec2.stopInstances({ InstanceIds: [(await moto.instances())[0]?.id ?? ''] })
  const longer = { provider: { ...provider, ttlMs: 3_600_000 * 72, apiListener: false } }
  expect(await missing([...of('install'), ...door], () => install(longer))).toEqual([])
  expect(await missing([...of('look')], () => look({ asked: null }))).toEqual([])
  const whole = async () => {
    const infrastructure = await account.open({ asked: null })
    await using _claim = await infrastructure.claim(0)
    await destroyAll(infrastructure)
  }
  expect(await missing([...of('destroy'), ...door], whole)).toEqual([])
})

test('machines that were all stopped and started keep their private addresses', async () => {
  await install()
  const before = await look()
  const ids = (await moto.instances()).map(({ id }) => id)
  await account.ec2.stopInstances({ InstanceIds: ids })
  await account.ec2.startInstances({ InstanceIds: ids })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const after = await look()
  expect(after.nodes.map(({ privateAddress }) => privateAddress)).toEqual(
    before.nodes.map(({ privateAddress }) => privateAddress),
  )
  expect(after.nodes.map(({ address }) => address)).not.toEqual(before.nodes.map(({ address }) => address))
  expect(await install()).toEqual([])
})

test('who learns only later what is to stand, as a restore does, plans all of it then', async () => {
  const infrastructure = await account.open({ asked: null })
  const plan = async () => infrastructure.plan(await infrastructure.inspect(), WANTED).map(({ id }) => id)
  expect(await plan()).toEqual([])
  infrastructure.aim?.(WANTED)
  const asked = await account.open()
  expect(await plan()).toEqual(asked.plan(await asked.inspect(), WANTED).map(({ id }) => id))
  expect(await plan()).toContain('set-name')
})

test('nodes that are too many get nothing forwarded, and their machines go only when they are told to', async () => {
  const five: Asked = { asked: { hostname: HOSTNAME, nodeCount: 5 } }
  await runAll(await account.open(five), { nodeCount: 5, hostname: HOSTNAME })
  const infrastructure = await account.open()
  const facts = await infrastructure.inspect()
  expect(facts.surplus).toEqual(['node-4', 'node-5'])
  expect(await install()).toEqual(['set-targets-80', 'set-targets-443'])
  expect((await look()).nodes).toHaveLength(5)
  expect((await look()).loadBalancer?.targets).toHaveLength(3)
  expect(await install()).toEqual([])

  const leaving = infrastructure.planRetire?.(await infrastructure.inspect()) ?? []
  expect(leaving.map(({ id }) => id)).toEqual(['retire-node-4', 'retire-node-5'])
  await carryOut(infrastructure, leaving)
  const after = await look()
  expect(after.nodes.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3'])
  expect({ surplus: after.surplus, left: infrastructure.planRetire?.(after) }).toEqual({ surplus: [], left: [] })
})

test('a restore leaves no machine out: each may hold what is left of the cluster', async () => {
  const five: Asked = { asked: { hostname: HOSTNAME, nodeCount: 5 } }
  await runAll(await account.open(five), { nodeCount: 5, hostname: HOSTNAME })
  const infrastructure = await account.open({ asked: null })
  infrastructure.aim?.(WANTED)
  const facts = await infrastructure.inspect()
  expect(facts.surplus).toEqual([])
  expect(infrastructure.plan(facts, WANTED)).toEqual([])
})

test('who does not say how many nodes, or keeps all, as an upgrade does, finds none too many', async () => {
  await install()
  const settings = { ...account.settings(), ssh: { privateKeys: [], knownHosts: [], bastion: undefined } }
  for (const asked of [{}, { nodeCount: 1, keepsAll: true }]) {
    const infrastructure = await createInfrastructure(settings, { hostname: HOSTNAME, ...asked })
    expect((await infrastructure.inspect()).surplus).toEqual([])
  }
  const infrastructure = await createInfrastructure(settings, { hostname: HOSTNAME, nodeCount: 1 })
  expect((await infrastructure.inspect()).surplus).toEqual(['node-2', 'node-3'])
})

describe('ownership', () => {
  test('two runs at once make one stack: one has the claim, the other finds it done', async () => {
    const both = ['41', '42'].map(async (id) => {
      const infrastructure = await account.open({ run: { ...RUN, id } })
      await using _claim = await infrastructure.claim(20_000)
      return await runAll(infrastructure, WANTED)
    })
    const steps = await Promise.all(both)
    expect(steps.filter((ids) => ids.length === 0)).toHaveLength(1)
    expect((await moto.instances()).filter(({ state }) => state !== 'terminated')).toHaveLength(3)
    expect(await moto.balancers()).toHaveLength(1)
  })

  test('two runs without any claim still make one stack', async () => {
    const wanted = { ...WANTED, nodeCount: 1 }
    const asked = { asked: { hostname: HOSTNAME, nodeCount: 1 } }
    await Promise.allSettled([runAll(await account.open(asked), wanted), runAll(await account.open(asked), wanted)])
    await runAll(await account.open(asked), wanted)
    expect((await moto.instances()).filter(({ state }) => state !== 'terminated')).toHaveLength(1)
    expect(await moto.balancers()).toHaveLength(1)
  })

  test('the same name under another owner is refused for install, and untouched by destroy', async () => {
    await install()
    const stranger = {
      stack: { ...STACK, owner: '9', ownerName: 'other/repo' },
      asked: { hostname: 'theirs.example.test', nodeCount: 3 },
    }
    const { refusals } = await look(stranger)
    expect(refusals).toEqual([
      expect.objectContaining({ subject: 'stack rancher', what: expect.stringContaining('acme/cattle') }),
    ])
    const world = await moto.world()
    expect(await destroyAll(await account.open({ ...stranger, asked: null }))).toEqual([])
    expect(await moto.world()).toEqual(world)
  })

  test('a repository that was renamed keeps its stacks', async () => {
    await install()
    expect(await install({ stack: { ...STACK, ownerName: 'acme/renamed' } })).toEqual([])
  })

  test('a record that somebody else made is never taken over', async () => {
    await account.addRecord(HOSTNAME, 'A', '203.0.113.1')
    expect((await look()).refusals).toEqual([expect.objectContaining({ subject: 'hostname', kind: 'preflight' })])
  })

  test('without a hosted zone the record is named, and nothing waits for it here', async () => {
    const asked = { asked: { hostname: 'rancher.elsewhere.test', nodeCount: 3 } }
    await runAll(await account.open(asked), { nodeCount: 3, hostname: 'rancher.elsewhere.test' })
    const { name, loadBalancer } = await look(asked)
    expect(name.toMake).toEqual({ type: 'CNAME', value: loadBalancer?.address })
  })

  test('a stack with a time to live ends its machines itself, and lives longer when told so', async () => {
    const asked = { provider: { ttlMs: 48 * 3_600_000 } }
    await install(asked)
    const first = (await look(asked)).expires
    expect(await install(asked)).toEqual([])
    const longer = { provider: { ttlMs: 72 * 3_600_000 } }
    expect(await install(longer)).toEqual(['set-expiry'])
    expect(Date.parse((await look(longer)).expires ?? '') - Date.parse(first ?? '')).toBe(24 * 3_600_000)
    const { Reservations } = await account.ec2.describeInstances({})
    for (const { InstanceId } of Reservations?.flatMap(({ Instances }) => Instances ?? []) ?? []) {
      const { InstanceInitiatedShutdownBehavior: behavior } = await account.ec2.describeInstanceAttribute({
        InstanceId,
        Attribute: 'instanceInitiatedShutdownBehavior',
      })
      expect(behavior?.Value).toBe('terminate')
    }
  })

  test('what the account cannot give is refused before anything is made', async () => {
    const world = await moto.world()
    const of = async (provider: Asked['provider']) =>
      (await look({ ...(provider && { provider }) })).refusals.map(({ subject }) => subject)
    expect(await of({ instanceTypes: ['t3.nano'] })).toEqual(['aws-instance-type'])
    expect(await of({ instanceTypes: ['m6g.xlarge'] })).toEqual(['aws-instance-type'])
    expect(await of({ instanceTypes: ['x9.huge'] })).toEqual(['aws-instance-type'])
    expect(await of({ image: 'ami-0d0000000000000a1' })).toEqual(['aws-image'])
    expect(await of({ image: 'ami-0d00000000000ffff' })).toEqual(['aws-image'])
    expect(await of({ vpc: 'vpc-0123456789abcdef0' })).toEqual(['aws-vpc'])
    expect(await of({ subnets: ['Tier=private'] })).toEqual(['aws-subnets'])
    expect(await of({ hostedZone: 'elsewhere.test' })).toEqual(['aws-hosted-zone'])
    expect(await moto.world()).toEqual(world)
  })
})
