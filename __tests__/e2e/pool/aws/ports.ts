import type { SecurityGroupRule } from '@aws-sdk/client-ec2'
import { expect } from '@jest/globals'
import { type Account, type AwsStack, openAccount } from '../../account.ts'
import { openKubectl } from '../../eye/kubernetes.ts'
import { machine, on } from '../../eye/machines.ts'
import { expectAllYes, expectHealthy, expectNothingDone, untilHealthy } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { failsWith, succeeds } from '../../stack.ts'
import { until } from '../../until.ts'
import type { Case } from '../case.ts'

/** What RKE's table of ports asks of nodes that are etcd, control plane and worker at once. */
const TCP = [22, 80, 443, 2379, 2380, 6443, 9099, 10250, 10254]
/** Pods reach each other over it. */
const VXLAN = 8472

export const ports: Case[] = [
  {
    name: 'aws: each port of RKE’s table closed between the nodes in turn: what needs it is cut off, and nothing else',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('inner', 'inside')
      expectAllYes(await succeeds(stack.install()))
      const seen = await expectHealthy(stack)
      const pod = await rancherPodOn(stack, 'node-2')
      expect(await cutOff(stack, pod)).toEqual([])

      const { between, network } = await admitting(account)
      expect(between.flatMap(portsOf).sort((a, b) => a - b)).toEqual([...TCP, VXLAN].sort((a, b) => a - b))
      for (const rule of between) {
        process.stderr.write(`    ${rule.IpProtocol} ${rule.FromPort}-${rule.ToPort}\n`)
        // A runner in the nodes' network reaches port 22 from there, and so do they.
        const rules = [rule, ...network.filter((one) => String(portsOf(one)) === String(portsOf(rule)))]
        for (const one of rules) await revoke(account, one)
        await untilCutOff(stack, pod, portsOf(rule))
        if (portsOf(rule).includes(2380)) {
          // What stands between two members goes on, as on AWS; one that begins anew finds nobody.
          await on(await machine(stack.name, 'node-2'), 'docker restart etcd')
          const { rows } = await failsWith('kubernetes', stack.status())
          expect(rows.filter(({ ok }) => !ok).map(({ id }) => id)).toContain('etcd-on-each-node')
        }
        for (const one of rules) await admit(account, one)
        await untilCutOff(stack, pod, [])
      }
      await untilHealthy(stack, minutes(4))
      const again = await succeeds(stack.install())
      expectNothingDone(again)
      expect(await expectHealthy(stack)).toEqual(seen)
    },
  },
]

/** The rules by which nodes admit each other, and those by which they admit a network. */
async function admitting({ ec2, cloud }: Account) {
  const id = (await cloud.moto.groups()).find(({ name }) => name.endsWith('-nodes'))?.id ?? ''
  const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({
    Filters: [{ Name: 'group-id', Values: [id] }],
  })
  const inward = SecurityGroupRules.filter(({ IsEgress }) => !IsEgress)
  return {
    between: inward.filter(({ ReferencedGroupInfo }) => ReferencedGroupInfo?.GroupId === id),
    network: inward.filter(({ CidrIpv4 }) => CidrIpv4 !== undefined),
  }
}

function portsOf({ FromPort = 0, ToPort = 0 }: SecurityGroupRule): number[] {
  return Array.from({ length: ToPort - FromPort + 1 }, (_, at) => FromPort + at)
}

async function revoke({ ec2 }: Account, { GroupId, SecurityGroupRuleId = '' }: SecurityGroupRule): Promise<void> {
  await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [SecurityGroupRuleId] })
}

async function admit({ ec2 }: Account, rule: SecurityGroupRule): Promise<void> {
  const { GroupId, IpProtocol, FromPort, ToPort, Description, CidrIpv4: CidrIp } = rule
  const told = Description === undefined ? {} : { Description }
  const from = CidrIp === undefined ? { UserIdGroupPairs: [{ GroupId, ...told }] } : { IpRanges: [{ CidrIp, ...told }] }
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [{ IpProtocol, FromPort, ToPort, ...from }] })
}

async function untilCutOff(stack: AwsStack, pod: string, expected: number[]): Promise<void> {
  await until(`cut off: ${expected.join() || 'nothing'}`, minutes(1), async () => {
    expect(await cutOff(stack, pod)).toEqual(expected)
    return true
  })
}

/**
 * Ports of the second node at which the first one gets no answer at all; a refusal is one.
 *
 * @param pod address of a pod of the second node
 */
async function cutOff({ name }: AwsStack, pod: string): Promise<number[]> {
  const [from, to] = await Promise.all([machine(name, 'node-1'), machine(name, 'node-2')])
  const codeOf = async (command: string) => (await on(from, `${command} >/dev/null 2>&1; echo $?`)).trim()
  const tcp = TCP.map(async (port) => ({
    port,
    isCut: (await codeOf(`timeout 3 bash -c '</dev/tcp/${to.address}/${port}'`)) === '124',
  }))
  const udp = codeOf(`curl --silent --max-time 3 http://${pod}/ping`).then((code) => ({
    port: VXLAN,
    isCut: code === '28',
  }))
  return (await Promise.all([...tcp, udp])).filter(({ isCut }) => isCut).map(({ port }) => port)
}

async function rancherPodOn({ name }: AwsStack, node: string): Promise<string> {
  const kubectl = await openKubectl(name)
  const each = `jsonpath={.items[?(@.spec.nodeName=="${node}")].status.podIP}`
  return await kubectl('-n', 'cattle-system', 'get', 'pods', '-l', 'app=rancher', '-o', each)
}
