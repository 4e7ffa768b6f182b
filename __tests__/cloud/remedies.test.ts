import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { type ErrorKind, StackError } from '../../src/errors.ts'
import { namesOf } from '../../src/infrastructure/aws/names.ts'
import { ownAddress } from '../../src/infrastructure/aws/own-address.ts'
import { runAction } from '../runner/runner.ts'
import { tries } from '../unit/remedies/tries.ts'
import { type Account, type Asked, HOSTNAME, openAccount, openMoto, REGION, STACK } from './fixture.ts'
import { noLease, runAll } from './run-all.ts'

const ASKED: Asked = { asked: { hostname: HOSTNAME, nodeCount: 1 } }
const WANTED = { nodeCount: 1, hostname: HOSTNAME }
const names = namesOf(STACK, REGION)
const OTHER = 'another.example.test'

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
})

const install = async (asked: Asked = ASKED) => runAll(await account.open(asked), WANTED)
const look = async (provider: NonNullable<Asked['provider']>) =>
  (await (await account.open({ ...ASKED, provider })).inspect()).refusals
const faulty = (action: string, code: string) => async () => {
  await moto.faults({ action, code, status: 400, times: 99 })
  return await install()
}
const afterwards = async () => {
  await moto.faults()
  return await install()
}

async function network() {
  const { Vpcs } = await account.ec2.describeVpcs({ Filters: [{ Name: 'is-default', Values: ['true'] }] })
  const vpc = Vpcs?.[0]?.VpcId ?? ''
  const { Subnets } = await account.ec2.describeSubnets({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] })
  return { vpc, subnets: Subnets?.map(({ SubnetId }) => SubnetId ?? '') ?? [] }
}

/** Something of others under a name of ours, and how it is removed. */
async function stranger(kind: 'group' | 'claim' | 'balancer' | 'targets'): Promise<() => Promise<unknown>> {
  const { vpc, subnets } = await network()
  if (kind === 'group' || kind === 'claim') {
    const GroupName = kind === 'group' ? names.nodesGroup : names.claimGroup
    const { GroupId } = await account.ec2.createSecurityGroup({ GroupName, Description: 'theirs', VpcId: vpc })
    return () => account.ec2.deleteSecurityGroup({ GroupId })
  }
  if (kind === 'balancer') {
    const made = await account.elb.createLoadBalancer({ Name: names.balancer, Type: 'network', Subnets: subnets })
    const LoadBalancerArn = made.LoadBalancers?.[0]?.LoadBalancerArn
    return () => account.elb.deleteLoadBalancer({ LoadBalancerArn })
  }
  const Name = names.targetGroup(80)
  const made = await account.elb.createTargetGroup({
    Name,
    Protocol: 'TCP',
    Port: 8080,
    VpcId: vpc,
    TargetType: 'instance',
  })
  const TargetGroupArn = made.TargetGroups?.[0]?.TargetGroupArn
  return () => account.elb.deleteTargetGroup({ TargetGroupArn })
}

let remove: () => Promise<unknown> = async () => {}
const meets = (kind: Parameters<typeof stranger>[0]) => async () => {
  remove = await stranger(kind)
  return await install()
}
const removed = async () => {
  await remove()
  return await install()
}
/** The committed bundle, with the API at an address. @throws StackError as its last lines tell it */
async function sweeps(url: string): Promise<void> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env
  const env = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_EC2_METADATA_DISABLED: 'true' }
  await using run = await runAction({ mode: 'sweep', provider: 'aws', 'aws-region': REGION }, { env, label: 'reaches' })
  if (run.exitCode === 0) return
  const told = run.errors.join('\n')
  throw new StackError(run.outputs['error-kind'] as ErrorKind, told, { next: told.replace(/^[\s\S]*^Next: /m, '') })
}
/** Why the machines that ended did, as the console of the account tells it. */
async function reasons() {
  const { Reservations } = await account.ec2.describeInstances({
    Filters: [{ Name: 'instance-state-name', Values: ['shutting-down', 'terminated'] }],
  })
  return Reservations?.flatMap(({ Instances }) => Instances?.map(({ StateReason }) => StateReason?.Code))
}
const renamed = async () => {
  const asked = { asked: { hostname: OTHER, nodeCount: 1 }, stack: { ...STACK, name: 'another' } }
  return runAll(await account.open(asked), { nodeCount: 1, hostname: OTHER })
}

tries('cloud', [
  ['Remove that group if nobody needs it, or choose another name.', meets('group'), renamed, removed],
  ['Remove that load balancer if nobody needs it, or choose another name.', meets('balancer'), renamed, removed],
  ['Remove that target group if nobody needs it, or choose another name.', meets('targets'), renamed, removed],
  [
    'Mend what the message names, then run the same again: it goes on from what stands.',
    faulty('CreateTargetGroup', 'InvalidConfigurationRequest'),
    afterwards,
  ],
  [
    'Name more instance types in aws-instance-type, or more subnets in aws-subnets.',
    // One subnet has no address left; the others have.
    async () => {
      await moto.faults({
        action: 'CreateLoadBalancer',
        code: 'InsufficientFreeAddressesInSubnet',
        status: 400,
        times: 99,
      })
      const [first = ''] = (await network()).subnets
      return await install({ ...ASKED, provider: { subnets: [first] } })
    },
    afterwards,
  ],
  [
    'Look at its state reason (a disk key it may not use, no room), then run the same again.',
    async () => {
      await moto.settings({ ends_for: 'Client.InvalidKMSKey.InvalidState', pending_s: 0.5 })
      await install()
    },
    async () => {
      expect(new Set(await reasons())).toEqual(new Set(['Client.InvalidKMSKey.InvalidState']))
      await moto.settings({ ends_for: null })
      await install()
      expect((await moto.instances()).filter(({ state }) => state === 'running')).toHaveLength(1)
    },
  ],
  [
    'Look whether the runner reaches the API of the region (aws-region), then run again.',
    () => sweeps('http://127.0.0.1:1'),
    () => sweeps(moto.url),
  ],
  [
    'Run the same again: it is made anew.',
    async () => (await account.open(ASKED)).remember({ clusterUid: 'a-uid', hostname: HOSTNAME }, noLease),
    async () => {
      await install()
      await (await account.open(ASKED)).remember({ clusterUid: 'a-uid', hostname: HOSTNAME }, noLease)
    },
  ],
  [
    'Run the same again: it goes on from what stands.',
    async () => {
      await install({ ...ASKED, provider: { ttlMs: 48 * 3_600_000 } })
      const longer = await account.open({ ...ASKED, provider: { ttlMs: 72 * 3_600_000 } })
      const [step] = longer.plan(await longer.inspect(), WANTED)
      account = await openAccount(moto)
      if (step !== undefined) await longer.apply(step.change, noLease, AbortSignal.timeout(10_000))
    },
    () => install({ ...ASKED, provider: { ttlMs: 72 * 3_600_000 } }),
  ],
])

tries('lease', [
  [
    'Remove that group if nobody needs it.',
    async () => {
      remove = await stranger('claim')
      await (await account.open(ASKED)).claim(0)
    },
    async () => {
      await remove()
      await using _claim = await (await account.open(ASKED)).claim(0)
    },
  ],
])

const { fetch } = globalThis
const opens = (provider: NonNullable<Asked['provider']>) => async () => {
  globalThis.fetch = () => Promise.reject(new Error('ENETUNREACH'))
  try {
    const own = { resolve: async () => [], ownAddress }
    const infrastructure = await account.open({ ...ASKED, provider, options: { network: own } })
    await infrastructure.door?.open(AbortSignal.timeout(5_000))
    await infrastructure.door?.close()
  } finally {
    globalThis.fetch = fetch
  }
}

tries('preflight', [
  [
    'Set aws-vpc to the id of a network, or to a tag Key=Value that one network has.',
    () => look({ vpc: 'vpc-0123456789abcdef0' }),
    async () => look({ vpc: (await network()).vpc }),
    async () => {
      const { vpc } = await network()
      await account.ec2.createTags({ Resources: [vpc], Tags: [{ Key: 'Name', Value: 'ours' }] })
      return await look({ vpc: 'Name=ours' })
    },
  ],
  [
    'Set aws-subnets to subnets of that network, one a zone, by id or by a tag Key=Value.',
    () => look({ subnets: ['Tier=private'] }),
    async () => look({ subnets: (await network()).subnets }),
    async () => {
      const Tags = [{ Key: 'Tier', Value: 'private' }]
      await account.ec2.createTags({ Resources: (await network()).subnets, Tags })
      return await look({ subnets: ['Tier=private'] })
    },
  ],
  [
    'Set runner-cidr to the ranges it comes from, or aws-address to private where it is in the network.',
    async () => {
      await install()
      await opens({ runnerCidrs: 'auto' })()
    },
    opens({ runnerCidrs: ['192.0.2.7/32'] }),
    opens({ runnerCidrs: 'auto', address: 'private' }),
  ],
])
