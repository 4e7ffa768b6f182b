import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { type Account, type Asked, HOSTNAME, openAccount, openMoto } from './fixture.ts'
import { runAll } from './run-all.ts'

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
  account = await openAccount(moto)
  await install()
})
afterAll(async () => await moto[Symbol.asyncDispose]())

async function install(asked: Asked = {}): Promise<string[]> {
  return runAll(await account.open(asked), { nodeCount: 3, hostname: HOSTNAME })
}

type Drift = { what: string; hurt: (account: Account) => Promise<unknown>; steps: string[]; asked?: Asked }

const firstInstance = async () =>
  (await moto.instances()).find(({ tags, state }) => tags['rancher-ha/node'] === 'node-1' && state !== 'terminated')
    ?.id ?? ''
const balancerArn = async () => (await moto.balancers())[0]?.arn ?? ''
const groupId = async (end: string) => (await moto.groups()).find(({ name }) => name.endsWith(end))?.id ?? ''
const targetGroup = async (port: number) =>
  (await account.elb.describeTargetGroups({})).TargetGroups?.find(({ Port }) => Port === port)?.TargetGroupArn ?? ''

const DRIFTS: Drift[] = [
  {
    what: 'a stopped machine is started',
    hurt: async () => await account.ec2.stopInstances({ InstanceIds: [await firstInstance()] }),
    steps: ['start-node-1'],
  },
  {
    what: 'a terminated machine is made anew, and balanced',
    hurt: async () => {
      const id = await firstInstance()
      await account.ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: false } })
      await account.ec2.terminateInstances({ InstanceIds: [id] })
    },
    steps: ['create-node-1', 'set-targets-80', 'set-targets-443'],
  },
  {
    what: 'a rule that is gone comes back, and one that was added goes',
    hurt: async () => {
      const id = await groupId('-nodes')
      const { SecurityGroupRules } = await account.ec2.describeSecurityGroupRules({
        Filters: [{ Name: 'group-id', Values: [id] }],
      })
      const rule = SecurityGroupRules?.find(({ FromPort }) => FromPort === 2379)?.SecurityGroupRuleId ?? ''
      await account.ec2.revokeSecurityGroupIngress({ GroupId: id, SecurityGroupRuleIds: [rule] })
      await account.ec2.authorizeSecurityGroupIngress({
        GroupId: id,
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        CidrIp: '0.0.0.0/0',
      })
    },
    steps: ['set-rules-nodes'],
  },
  {
    what: 'a deleted listener is made anew',
    hurt: async () => {
      const { Listeners } = await account.elb.describeListeners({ LoadBalancerArn: await balancerArn() })
      await account.elb.deleteListener({ ListenerArn: Listeners?.find(({ Port }) => Port === 443)?.ListenerArn })
    },
    steps: ['set-listener-443'],
  },
  {
    what: 'a listener that forwards elsewhere is set right',
    hurt: async () => {
      const { Listeners } = await account.elb.describeListeners({ LoadBalancerArn: await balancerArn() })
      await account.elb.modifyListener({
        ListenerArn: Listeners?.find(({ Port }) => Port === 443)?.ListenerArn,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: await targetGroup(80) }],
      })
    },
    steps: ['set-listener-443'],
  },
  {
    what: 'a balancer that is gone is made anew, with its listeners and the name',
    hurt: async () => await account.elb.deleteLoadBalancer({ LoadBalancerArn: await balancerArn() }),
    steps: ['create-balancer', 'set-listener-80', 'set-listener-443', 'set-name'],
  },
  {
    what: 'cross-zone balancing is switched on again',
    hurt: async () =>
      await account.elb.modifyLoadBalancerAttributes({
        LoadBalancerArn: await balancerArn(),
        Attributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'false' }],
      }),
    steps: ['set-balancer'],
  },
  {
    what: 'an attribute of a target group is set right',
    hurt: async () =>
      await account.elb.modifyTargetGroupAttributes({
        TargetGroupArn: await targetGroup(443),
        Attributes: [{ Key: 'preserve_client_ip.enabled', Value: 'true' }],
      }),
    steps: ['set-target-443'],
  },
  {
    what: 'a target that is missing is registered again',
    hurt: async () =>
      await account.elb.deregisterTargets({
        TargetGroupArn: await targetGroup(80),
        Targets: [{ Id: await firstInstance() }],
      }),
    steps: ['set-targets-80'],
  },
  {
    what: 'a machine in another group is put back into its own',
    hurt: async () => {
      const { GroupId = '' } = await account.ec2.createSecurityGroup({ GroupName: 'other', Description: 'other' })
      await account.ec2.modifyInstanceAttribute({ InstanceId: await firstInstance(), Groups: [GroupId] })
    },
    steps: ['set-groups-node-1'],
  },
  {
    what: 'a listener asked for now is made, with its rules',
    hurt: async () => {},
    asked: { provider: { apiListener: true } },
    steps: ['set-rules-nodes', 'set-rules-balancer', 'set-target-6443', 'set-listener-6443', 'set-targets-6443'],
  },
]

/** One stack for all: each drift ends as it began. */
test.each(DRIFTS)('$what, and nothing else', async ({ hurt, steps, asked = {} }) => {
  await hurt(account)
  await settled()
  expect((await install(asked)).toSorted()).toEqual(steps.toSorted())
  expect(await install(asked)).toEqual([])
  expect((await (await account.open(asked)).inspect()).loadBalancer?.targets).toHaveLength(3)
})

/** Until no machine is between two states. */
async function settled(): Promise<void> {
  const isMoving = ({ state }: { state: string }) => !['running', 'stopped', 'terminated'].includes(state)
  while ((await moto.instances()).some(isMoving)) await new Promise((resolve) => setTimeout(resolve, 10))
}
