import { BlockList, isIPv6 } from 'node:net'
import type { AwsFindings } from './findings.ts'
import type { AwsSettings } from './settings.ts'

const BUT = 'pods that ask Rancher by its name are not let in'

/**
 * What a person should know of a load balancer that faces the internet: its name stands for public addresses for
 * everybody, so its own nodes come to it from outside, where no rule by security group counts.
 *
 * @see AWS, "Network Load Balancers": an internet-facing load balancer has public addresses
 */
export function notesOnDialing(
  { instances }: Pick<AwsFindings, 'instances'>,
  { loadBalancerScheme, allowedCidrs }: Pick<AwsSettings, 'loadBalancerScheme' | 'allowedCidrs'>,
): string[] {
  if (loadBalancerScheme !== 'internet-facing' || allowedCidrs.includes('0.0.0.0/0')) return []
  const seen = instances.flatMap(({ publicAddress }) => publicAddress ?? [])
  const barred = seen.filter((address) => !isIn(address, allowedCidrs))
  const notes: string[] = []
  if (barred.length > 0) {
    notes.push(
      `allowed-cidrs: the nodes come to their own internet-facing load balancer from ${barred.join(', ')}, which is in none of the ranges: ${BUT}. Add these addresses (a machine that was stopped comes back with another), or use an internal load balancer.`,
    )
  }
  if (seen.length < instances.length) {
    notes.push(
      `allowed-cidrs: nodes without a public address come to their own internet-facing load balancer from the address of the network's NAT gateway: unless the ranges hold it, ${BUT}.`,
    )
  }
  return notes
}

function isIn(address: string, ranges: string[]): boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [base = '', prefix] = range.split('/')
    const family = isIPv6(base) ? 'ipv6' : 'ipv4'
    list.addSubnet(base, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return list.check(address)
}
