import { expect } from '@jest/globals'
import { type Account, type AwsStack, openAccount, USERS } from '../../account.ts'
import { machine, on } from '../../eye/machines.ts'
import { expectAllYes, expectHealthy, untilHealthy } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { succeeds } from '../../stack.ts'
import { until } from '../../until.ts'
import type { Case } from '../case.ts'

type Drift = { what: string; hurt: (account: Account, stack: AwsStack) => Promise<unknown>; steps: string[] }

/** What somebody did to a healthy stack, and all that the next install then does. */
const DRIFTS: Drift[] = [
  {
    what: 'a rule of etcd revoked, port 22 opened to the world',
    async hurt({ ec2, cloud }) {
      const GroupId = (await cloud.moto.groups()).find(({ name }) => name.endsWith('-nodes'))?.id ?? ''
      const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({
        Filters: [{ Name: 'group-id', Values: [GroupId] }],
      })
      const rule = SecurityGroupRules?.find(({ FromPort }) => FromPort === 2379)?.SecurityGroupRuleId ?? ''
      await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [rule] })
      const open = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }
      await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [open] })
    },
    steps: ['set-rules-nodes'],
  },
  {
    what: 'a listener deleted',
    async hurt({ elb, cloud }) {
      const { Listeners } = await elb.describeListeners({ LoadBalancerArn: (await cloud.moto.balancers())[0]?.arn })
      await elb.deleteListener({ ListenerArn: Listeners?.find(({ Port }) => Port === 443)?.ListenerArn })
    },
    steps: ['set-listener-443'],
  },
  {
    what: 'the record lost',
    async hurt({ dns, cloud }, { hostname }) {
      const [zone] = await cloud.moto.zones()
      const { ResourceRecordSets } = await dns.listResourceRecordSets({ HostedZoneId: zone?.id })
      const ResourceRecordSet = ResourceRecordSets?.find(({ Name }) => Name === `${hostname}.`)
      if (ResourceRecordSet === undefined) throw new Error(`there is no record ${hostname}`)
      const Changes = [{ Action: 'DELETE' as const, ResourceRecordSet }]
      await dns.changeResourceRecordSets({ HostedZoneId: zone?.id, ChangeBatch: { Changes } })
    },
    steps: ['set-name'],
  },
  {
    what: 'a target taken out',
    async hurt(account, { name }) {
      const [balancer] = await account.cloud.moto.balancers()
      const group = balancer?.listeners.find(({ port }) => port === 80)?.group
      const Id = (await account.instances(name)).get('node-2')?.id
      await account.elb.deregisterTargets({ TargetGroupArn: group?.arn, Targets: [{ Id }] })
    },
    steps: ['set-targets-80'],
  },
  {
    what: 'an instance stopped',
    async hurt(account, { name }) {
      const id = (await account.instances(name)).get('node-3')?.id ?? ''
      await account.ec2.stopInstances({ InstanceIds: [id] })
      await settled(account, name)
    },
    steps: ['start-node-3'],
  },
  {
    what: 'the load balancer deleted',
    hurt: async ({ elb, cloud }) => elb.deleteLoadBalancer({ LoadBalancerArn: (await cloud.moto.balancers())[0]?.arn }),
    steps: ['create-balancer', 'set-listener-443', 'set-listener-80', 'set-name'],
  },
]

export const drifts: Case[] = [
  {
    name: 'aws: all instances stopped and started under new public addresses: an empty plan; each drift is repaired, and nothing else',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('outer', 'outside')
      const first = await succeeds(stack.install())
      expectAllYes(first)
      const seen = await expectHealthy(stack)
      await expectClosed(account, stack)
      // The nodes come to it from outside, and the run has said that they are not let in.
      expect(first.warnings.join()).toMatch(/come to their own internet-facing load balancer from 54\./)
      const ask = `curl --silent --insecure --max-time 5 https://${stack.hostname}/ping || echo "exit code $?"`
      expect(await on(await machine(stack.name, 'node-1'), ask)).toBe('exit code 28')

      const before = await account.instances(stack.name)
      const InstanceIds = [...before.values()].map(({ id }) => id)
      await account.ec2.stopInstances({ InstanceIds })
      await settled(account, stack.name)
      await account.ec2.startInstances({ InstanceIds })
      await settled(account, stack.name)
      const after = await account.instances(stack.name)
      for (const [name, { privateAddress, publicAddress }] of before) {
        expect(after.get(name)?.privateAddress).toBe(privateAddress)
        expect(after.get(name)?.publicAddress).not.toBe(publicAddress)
      }
      await untilHealthy(stack, minutes(4))
      await expectRepaired(account, stack, [])

      for (const { what, hurt, steps } of DRIFTS) {
        process.stderr.write(`    ${what}\n`)
        await hurt(account, stack)
        await expectRepaired(account, stack, steps)
      }
      expect(await expectHealthy(stack)).toEqual(seen)
    },
  },
  {
    name: 'aws: an instance terminated: one is made in its place, and it is the same cluster',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('inner', 'inside')
      expectAllYes(await succeeds(stack.install()))
      const seen = await expectHealthy(stack)
      const lost = (await account.instances(stack.name)).get('node-2')
      const InstanceId = lost?.id ?? ''
      await account.ec2.modifyInstanceAttribute({ InstanceId, DisableApiTermination: { Value: false } })
      await account.ec2.terminateInstances({ InstanceIds: [InstanceId] })
      await settled(account, stack.name)
      const done = await succeeds(stack.install())
      expectAllYes(done)
      const ids = done.plan.map(({ id }) => id)
      expect(ids).toEqual(expect.arrayContaining(['create-node-2', 'set-targets-80', 'set-targets-443']))
      const made = (await account.instances(stack.name)).get('node-2')
      expect(made?.zone).toBe(lost?.zone)
      const after = await expectHealthy(stack)
      expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: seen.uid, ca: seen.ca })
    },
  },
]

async function expectRepaired(account: Account, stack: AwsStack, steps: string[]): Promise<void> {
  const done = await succeeds(stack.install())
  expect(done.plan.map(({ id }) => id).sort()).toEqual(steps)
  expect(done.outputs['changed']).toBe(String(steps.length > 0))
  expectAllYes(done)
  await expectClosed(account, stack)
}

/** Nobody is let in but the stack's own users: no rule for the runner is left. */
async function expectClosed(account: Account, { name }: AwsStack): Promise<void> {
  const users = [80, 443].map((port) => `balancer ${port} ${USERS}`)
  expect((await account.admitted(name)).sort()).toEqual(users.sort())
}

/** Until no instance of a stack is between two states. */
async function settled(account: Account, name: string): Promise<void> {
  await until('instances settled', minutes(2), async () => {
    const all = (await account.cloud.moto.instances()).filter(({ tags }) => tags['rancher-ha/stack'] === name)
    return all.every(({ state }) => ['running', 'stopped', 'terminated'].includes(state))
  })
}
