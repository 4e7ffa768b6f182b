import { expect } from '@jest/globals'
import { type Account, type AwsStack, openAccount } from '../../account.ts'
import { minutes } from '../../minutes.ts'
import { failsWith, succeeds } from '../../stack.ts'
import type { Case } from '../case.ts'

const SOMEBODY_ELSE = { repository: { id: '4712', name: 'other/platform' } }

export const neighbours: Case[] = [
  {
    name: 'aws: two stacks side by side, another owner, look-alikes: destroy of one leaves all others untouched',
    from: 'bare',
    deadlineMs: minutes(10),
    async run() {
      await using account = await openAccount()
      const [one, two] = [account.stack('one', 'inside'), account.stack('one-2', 'inside')]
      await machinesOf(two)
      await addLookAlikes(account, one)
      const before = await account.world()
      await machinesOf(one)
      const standing = await account.world()
      await failsWith('preflight', one.install({}, SOMEBODY_ELSE))
      expect((await one.destroy({}, SOMEBODY_ELSE)).outputs['changed'] ?? 'false').toBe('false')
      expect(await account.world()).toEqual(standing)

      // A repository that was renamed keeps its id, and with it its stacks.
      await succeeds(one.destroy({ 'wait-for-lease': '6m' }, { repository: { id: '4711', name: 'acme/renamed' } }))
      expect(await account.world()).toEqual(before)
      expect([...(await account.instances(two.name)).keys()].sort()).toEqual(['node-1', 'node-2', 'node-3'])
    },
  },
]

/** The machines of a stack and all around them; the run is cancelled before there is a cluster. */
async function machinesOf(stack: AwsStack): Promise<void> {
  const done = await stack.install({}, { cancel: { onLine: /\] Load images on node-1/ } })
  expect(done.cancelledAtMs).toBeDefined()
}

/** Things that are called as the stack's own are, or nearly, and carry no tag of it. */
async function addLookAlikes({ ec2, dns, cloud }: Account, { name, hostname }: AwsStack): Promise<void> {
  const GroupName = `rancher-ha-${name}`
  await ec2.createSecurityGroup({ GroupName, Description: 'not ours' })
  await ec2.runInstances({
    ImageId: 'ami-0d0000000000000d2',
    InstanceType: 'm5.xlarge',
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: `${GroupName}-node-1` }] }],
  })
  const [zone] = await cloud.moto.zones()
  const ResourceRecordSet = {
    Name: `other.${hostname}`,
    Type: 'A' as const,
    TTL: 60,
    ResourceRecords: [{ Value: '203.0.113.250' }],
  }
  const Changes = [{ Action: 'CREATE' as const, ResourceRecordSet }]
  await dns.changeResourceRecordSets({ HostedZoneId: zone?.id, ChangeBatch: { Changes } })
}
