import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Fault, Moto } from '../../lab/cloud/moto.ts'
import { StackError } from '../../src/errors.ts'
import { type Account, HOSTNAME, openAccount, openMoto } from './fixture.ts'
import { destroyAll, runAll } from './run-all.ts'

const WANTED = { nodeCount: 1, hostname: HOSTNAME }
const ASKED = { asked: { hostname: HOSTNAME, nodeCount: 1 } }

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
})

const install = async () => runAll(await account.open(ASKED), WANTED)
const CHANGES = [
  'CreateSecurityGroup',
  'AuthorizeSecurityGroupIngress',
  'CreateLoadBalancer',
  'CreateTargetGroup',
  'CreateListener',
  'RunInstances',
  'RegisterTargets',
  'ChangeResourceRecordSets',
  'CreateTags',
  'DeleteTags',
]
const THROTTLED = { code: 'RequestLimitExceeded', status: 503 }

type Case = { what: string; faults: Fault[] }

const CURED: Case[] = [
  ...['Describe.*', 'RunInstances', 'CreateListener'].map((action) => ({
    what: `${action} is throttled twice`,
    faults: [{ action, ...THROTTLED, times: 2 }],
  })),
  ...CHANGES.map((action) => ({
    what: `the answer of ${action} is lost`,
    faults: [{ action, kind: 'late' as const, code: 'InternalError', status: 500, times: 1 }],
  })),
  {
    what: 'the first type has no room',
    faults: [{ action: 'RunInstances', code: 'InsufficientInstanceCapacity', times: 3 }],
  },
  {
    what: 'lists are stale',
    faults: [
      { action: 'Describe(SecurityGroups|Instances|TargetGroups|LoadBalancers)', kind: 'stale', times: 12, after: 4 },
    ],
  },
]

test.each(CURED)('$what: the run succeeds all the same, and nothing is left twice', async ({ faults }) => {
  const before = await moto.world()
  await moto.faults(...faults)
  await install()
  await moto.faults()
  expect(await install()).toEqual([])
  expect((await moto.instances()).filter(({ state }) => state !== 'terminated')).toHaveLength(1)
  await destroyAll(await account.open({ asked: null }))
  expect(await moto.world()).toEqual(before)
})

type Told = Case & { says: RegExp; next: RegExp }

const TOLD: Told[] = [
  ...CHANGES.map((action) => ({
    what: `${action} is denied`,
    faults: [{ action, code: 'UnauthorizedOperation', status: 403, times: 99 }],
    says: new RegExp(`:${action}( of .+)? failed: UnauthorizedOperation`),
    next: new RegExp(`Allow \\w+:${action} in the policy`),
  })),
  {
    what: 'a look is denied',
    faults: [{ action: 'DescribeInstances', code: 'UnauthorizedOperation', status: 403, times: 99 }],
    says: /ec2:DescribeInstances failed/,
    next: /Allow ec2:DescribeInstances/,
  },
  {
    what: 'the session has expired',
    faults: [{ action: 'CreateLoadBalancer', code: 'ExpiredToken', status: 403, times: 99 }],
    says: /CreateLoadBalancer of rha-rancher-\w+ failed: ExpiredToken/,
    next: /role-duration-seconds/,
  },
  {
    what: 'throttling does not end',
    faults: [{ action: 'RunInstances', ...THROTTLED, times: 99 }],
    says: /RunInstances of rancher-ha-rancher-\w+-node-1 failed: RequestLimitExceeded/,
    next: /again later/,
  },
  {
    what: 'there is no room anywhere',
    faults: [{ action: 'RunInstances', code: 'InsufficientInstanceCapacity', times: 99 }],
    says: /node-1: no room for m6i\.xlarge in eu-central-1a .*m5\.xlarge in eu-central-1c/,
    next: /aws-instance-type/,
  },
  {
    what: 'a quota is used up',
    faults: [{ action: 'RunInstances', code: 'VcpuLimitExceeded', times: 99 }],
    says: /node-1 failed: VcpuLimitExceeded/,
    next: /quota/,
  },
]

test.each(TOLD)('$what: the error says which, and what to do; the next run goes on', async ({ faults, says, next }) => {
  await moto.faults(...faults)
  const failure: unknown = await install().then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(failure).toBeInstanceOf(StackError)
  expect(failure).toMatchObject({
    kind: 'cloud',
    message: expect.stringMatching(says),
    next: expect.stringMatching(next),
  })
  await moto.faults()
  await install()
  expect((await (await account.open(ASKED)).inspect()).owned).toHaveLength(7)
})

const REMOVALS = ['DeleteLoadBalancer', 'DeleteTargetGroup', 'TerminateInstances', 'DeleteSecurityGroup']

test.each(REMOVALS)('a destroy that is denied %s says so, and the next one leaves nothing', async (action) => {
  const before = await moto.world()
  await install()
  await moto.faults({ action, code: 'UnauthorizedOperation', status: 403, times: 99 })
  const failed = destroyAll(await account.open({ asked: null }))
  await expect(failed).rejects.toMatchObject({ kind: 'cloud', next: expect.stringContaining(action) })
  await moto.faults()
  await destroyAll(await account.open({ asked: null }))
  expect(await moto.world()).toEqual(before)
})

test('slow states are waited for, and a group that is still in use says by what', async () => {
  const before = await moto.world()
  const slow = { pending_s: 0.3, stopping_s: 0.3, shutting_down_s: 0.3, provisioning_s: 0.3, interfaces_s: 4 }
  await moto.settings(slow)
  await install()
  await destroyAll(await account.open({ asked: null }))
  expect(await moto.world()).toEqual(before)
  expect(account.log.join('\n')).toMatch(/sg-\w+ waits for /)
})

test('a state that does not come ends with the step, not never', async () => {
  await moto.settings({ hold_pending: true })
  const infrastructure = await account.open(ASKED)
  const plan = infrastructure.plan(await infrastructure.inspect(), WANTED)
  const { carryOut } = await import('./run-all.ts')
  const deadline = AbortSignal.timeout(2_000)
  await expect(carryOut(infrastructure, plan, deadline)).rejects.toMatchObject({
    name: expect.stringMatching(/^(Abort|Timeout)Error$/),
  })
  await infrastructure.door?.close()
})

test('a session that ends too early is refused beforehand, a renewed one is not', async () => {
  process.env['AWS_SESSION_TOKEN'] = 'session'
  try {
    const at = (minutes: number) => ({ now: () => new Date(Date.now() + minutes * 60_000) })
    const refusals = async (minutes: number) =>
      (await (await account.open({ ...ASKED, options: at(minutes) })).inspect()).refusals
    expect(await refusals(0)).toEqual([])
    expect(await refusals(31)).toEqual([
      expect.objectContaining({ subject: 'credentials', next: expect.stringContaining('role-duration-seconds') }),
    ])
  } finally {
    delete process.env['AWS_SESSION_TOKEN']
  }
})
