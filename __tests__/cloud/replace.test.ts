import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { PERMISSIONS } from '../../src/infrastructure/aws/permissions.ts'
import type { Replacement } from '../../src/infrastructure/infrastructure.ts'
import type { RunningMachines } from '../../src/settings.ts'
import type { Step } from '../../src/steps.ts'
import { type Account, HOSTNAME, kill, openAccount, openMoto } from './fixture.ts'
import { carryOut, runAll } from './run-all.ts'

const WANTED = { nodeCount: 3, hostname: HOSTNAME }
const [NEWEST, OLDER, ANOTHER] = ['ami-0d0000000000000d2', 'ami-0d0000000000000d1', 'ami-0d0000000000000b1']

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
})

const install = async (provider = {}) => runAll(await account.open({ provider }), WANTED)

/** As mode upgrade opens it: it says nothing of how many nodes there are to be. */
async function upgrade(running: Partial<RunningMachines>, more = {}) {
  const asked = { image: undefined, instanceTypes: undefined, areReplaced: true, ...running }
  const image = running.image === undefined ? {} : { image: running.image }
  const infrastructure = await account.open({ asked: null, provider: { ...more, ...image, running: asked } })
  const facts = await infrastructure.inspect()
  return { infrastructure, facts, plan: infrastructure.planReplace?.(facts) ?? [] }
}

/** All that a replacement asks of the provider, in its order; what happens to Kubernetes in between is not played. */
function stepsOf({ state, make, forward, giveUp, remove }: Replacement): Step[] {
  return [...(state === 'given-up' ? [] : [...make, ...forward]), ...giveUp, ...remove]
}

/** @param most how many replacements are carried out */
async function carryOutAll(running: Partial<RunningMachines>, most = 3, signal?: AbortSignal): Promise<void> {
  const { infrastructure, plan } = await upgrade(running)
  for (const step of plan.slice(0, most).flatMap(stepsOf)) await carryOut(infrastructure, [step], signal)
  await infrastructure.door?.close()
}

async function machines() {
  const { Reservations } = await account.ec2.describeInstances({})
  return (Reservations ?? [])
    .flatMap(({ Instances }) => Instances ?? [])
    .filter(({ State }) => State?.Name === 'running')
    .map(({ Tags, InstanceType, ImageId, Placement }) => ({
      name: Tags?.find(({ Key }) => Key === 'rancher-ha/node')?.Value ?? '',
      type: String(InstanceType),
      image: ImageId,
      zone: Placement?.AvailabilityZone,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const pairs = (plan: Replacement[]) => plan.map(({ node, by, changes }) => `${node} → ${by}: ${changes.join(', ')}`)

describe('what is asked of machines that run', () => {
  test('nothing, and nothing is looked up for it', async () => {
    await install()
    account.calls.length = 0
    const { plan, facts } = await upgrade({})
    expect({ plan, surplus: facts.surplus, refusals: facts.refusals }).toEqual({ plan: [], surplus: [], refusals: [] })
    expect(account.calls).not.toContain('ec2:DescribeImages')
  })

  test('a type: each that is none of those named', async () => {
    await install()
    expect(pairs((await upgrade({ instanceTypes: ['c6i.xlarge', 'm6i.xlarge'] })).plan)).toEqual([])
    expect(pairs((await upgrade({ instanceTypes: ['c6i.xlarge', 'm5.xlarge'] })).plan)).toEqual([
      'node-1 → node-4: m6i.xlarge → c6i.xlarge or m5.xlarge',
      'node-2 → node-1: m6i.xlarge → c6i.xlarge or m5.xlarge',
      'node-3 → node-2: m6i.xlarge → c6i.xlarge or m5.xlarge',
    ])
  })

  test('an image by its id: that one; by the name of its system: any of it; with -latest: the newest', async () => {
    await install({ image: OLDER })
    const changes = async (image: string) => (await upgrade({ image })).plan.flatMap((one) => one.changes)
    expect(await changes(OLDER)).toEqual([])
    expect(await changes('debian-12')).toEqual([])
    expect(await changes('debian-12-latest')).toEqual(Array(3).fill(`image ${OLDER} → ${NEWEST}, debian-12-latest`))
    expect(await changes(NEWEST)).toEqual(Array(3).fill(`image ${OLDER} → ${NEWEST}`))
    expect(await changes('ubuntu-22.04')).toEqual(Array(3).fill(`image ${OLDER} → ${ANOTHER}, ubuntu-22.04`))
  })

  test('install replaces nothing: it says so', async () => {
    await install()
    const running = { image: 'ubuntu-22.04', instanceTypes: ['m5.xlarge'], areReplaced: false }
    const infrastructure = await account.open({ provider: { running } })
    const facts = await infrastructure.inspect()
    expect(infrastructure.plan(facts, WANTED)).toEqual([])
    expect(infrastructure.planReplace?.(facts)).toEqual([])
    expect(facts.notes).toEqual(
      [1, 2, 3].map((number) =>
        expect.stringMatching(
          `^node-${number} is not what is asked for .m6i.xlarge → m5.xlarge, image ${NEWEST} → ubuntu-22.04. and stays as it is: mode upgrade`,
        ),
      ),
    )
  })

  test('what cannot be had is refused before anything is made', async () => {
    await install()
    const subjects = async (running: Partial<RunningMachines>) =>
      (await upgrade(running)).facts.refusals.map(({ subject }) => subject)
    expect(await subjects({ instanceTypes: ['t3.nano'] })).toEqual(['aws-instance-type'])
    expect(await subjects({ image: 'ami-0d00000000000ffff' })).toEqual(['aws-image'])
  })
})

describe('a replacement', () => {
  test('what was not asked for is as it was: image, disk, zone', async () => {
    await install({ image: OLDER, volumeSizeGib: 60 })
    const before = await machines()
    await carryOutAll({ instanceTypes: ['m5.xlarge'] })
    const after = await machines()
    expect(after.map(({ name, type, image }) => [name, type, image])).toEqual(
      ['node-1', 'node-2', 'node-4'].map((name) => [name, 'm5.xlarge', OLDER]),
    )
    expect(new Set(after.map(({ zone }) => zone))).toEqual(new Set(before.map(({ zone }) => zone)))
    const { Volumes } = await account.ec2.describeVolumes({ Filters: [{ Name: 'status', Values: ['in-use'] }] })
    expect(Volumes?.map(({ Size }) => Size)).toEqual([60, 60, 60])
    const { facts, plan } = await upgrade({ instanceTypes: ['m5.xlarge'] })
    expect({ plan, targets: facts.loadBalancer?.targets.length, surplus: facts.surplus }).toEqual({
      plan: [],
      targets: 3,
      surplus: [],
    })
    expect(await install()).toEqual([])
  })

  test('the new machine is there, and forwarded to, before the old one is; never are more than four', async () => {
    await install()
    const { infrastructure, plan } = await upgrade({ instanceTypes: ['m5.xlarge'] })
    const counts: number[][] = []
    for (const step of plan.flatMap(stepsOf)) {
      await carryOut(infrastructure, [step])
      const facts = await infrastructure.inspect()
      counts.push([(await machines()).length, facts.loadBalancer?.targets.length ?? 0])
    }
    expect(Math.min(...counts.flat())).toBe(3)
    expect(Math.max(...counts.flat())).toBe(4)
  })

  test('every call of it has its permission in the table of install', async () => {
    await install()
    account.calls.length = 0
    await carryOutAll({ image: 'debian-12', instanceTypes: ['m5.xlarge'] })
    const allowed = PERMISSIONS.filter(({ needs }) => needs.some((need) => need === 'install' || need === 'door'))
    const names = allowed.map(({ action }) => action)
    expect([...new Set(account.calls)].filter((action) => !names.includes(action))).toEqual([])
  })

  test('killed before any change: of both the new one is too many, then the old one; the next run ends it', async () => {
    const asked = { instanceTypes: ['m5.xlarge'] }
    for (let moment = 1; ; moment++) {
      account = await openAccount(moto)
      await install()
      const death = kill(account, moment)
      await carryOutAll(asked, 1, death.signal).catch(() => undefined)
      if (!death.happened()) break
      const { facts, plan } = await upgrade({})
      expect([moment, facts.nodes.length - (facts.surplus ?? []).length]).toEqual([moment, 3])
      expect(plan.length).toBe(facts.surplus?.length)
      const isOver = facts.nodes.every(({ name }) => name !== 'node-1')
      await carryOutAll(asked, isOver ? 0 : 1)
      const types = (await machines()).map(({ name, type }) => `${name} ${type}`)
      expect([moment, types]).toEqual([moment, ['node-2 m6i.xlarge', 'node-3 m6i.xlarge', 'node-4 m5.xlarge']])
    }
  }, 300_000)

  test.each([
    ['one that was made', 1, ['node-1', 'node-2', 'node-3']],
    ['the old one, once it was given up', 6, ['node-2', 'node-3', 'node-4']],
  ])('an install in between takes %s, and leaves three', async (_, many, left) => {
    await install()
    const { infrastructure, plan } = await upgrade({ instanceTypes: ['m5.xlarge'] })
    for (const step of plan.flatMap(stepsOf).slice(0, many)) await carryOut(infrastructure, [step])
    await install()
    const again = await account.open()
    await carryOut(again, again.planRetire?.(await again.inspect()) ?? [])
    expect((await machines()).map(({ name }) => name)).toEqual(left)
    expect(await install()).toEqual([])
  })
})
