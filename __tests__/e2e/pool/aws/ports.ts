import { expect } from '@jest/globals'
import { type Account, openAccount } from '../../account.ts'
import { expectAllYes, untilHealthy } from '../../healthy.ts'
import { succeeds } from '../../stack.ts'
import { minutes } from '../../stage.ts'
import { until } from '../../until.ts'
import type { Case } from '../case.ts'

/** Sentences that become false when nodes no longer admit a port, and what those of the table that have none here are. */
const BREAKS: { port: number; broken: string[] }[] = []

export const ports: Case[] = [
  {
    name: 'aws: each port of RKE’s table that the rules no longer admit is named by status',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('inner', 'inside')
      expectAllYes(await succeeds(stack.install()))
      for (const { port, broken } of BREAKS) {
        const rules = await revoke(account, port)
        await account.cloud.forgetConnections()
        await until(`status names port ${port}`, minutes(3), async () => {
          const status = await stack.status()
          const told = status.rows.filter(({ ok }) => !ok).map(({ id }) => id)
          process.stderr.write(`    without port ${port}: ${told.join(', ')}\n`)
          return broken.every((id) => told.includes(id))
        })
        await admit(account, rules)
        await untilHealthy(stack, minutes(4))
      }
      expect((await succeeds(stack.install())).plan).toEqual([])
    },
  },
]

type Rules = Awaited<ReturnType<typeof revoke>>

/** Takes away what nodes admit at a port, from whomever. */
async function revoke({ ec2, cloud }: Account, port: number) {
  const GroupId = (await cloud.moto.groups()).find(({ name }) => name.endsWith('-nodes'))?.id ?? ''
  const Filters = [{ Name: 'group-id', Values: [GroupId] }]
  const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({ Filters })
  const rules = SecurityGroupRules.filter(({ FromPort, IsEgress }) => FromPort === port && IsEgress !== true)
  const SecurityGroupRuleIds = rules.map(({ SecurityGroupRuleId = '' }) => SecurityGroupRuleId)
  await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds })
  return { GroupId, rules }
}

async function admit({ ec2 }: Account, { GroupId, rules }: Rules): Promise<void> {
  for (const { IpProtocol, FromPort, ToPort, CidrIpv4, ReferencedGroupInfo } of rules) {
    const origin =
      CidrIpv4 === undefined
        ? { UserIdGroupPairs: [{ GroupId: ReferencedGroupInfo?.GroupId }] }
        : { IpRanges: [{ CidrIp: CidrIpv4 }] }
    await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [{ IpProtocol, FromPort, ToPort, ...origin }] })
  }
}
