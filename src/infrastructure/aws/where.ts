import type { Subnet as AwsSubnet, Filter } from '@aws-sdk/client-ec2'
import type { Refusal } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import type { Place } from './findings.ts'
import { unlessMissing } from './wait.ts'

export type Found<T> = { found: T } | { refusals: Refusal[] }

/**
 * The network and the subnets new things go into: given by id, by a tag ("Key=Value"), or the account's default.
 *
 * @param makes whether anything new needs a subnet; else none is looked for
 */
export async function findPlace(context: AwsContext, makes = true): Promise<Found<Place>> {
  const { vpc: asked } = context.settings
  const vpcs = await findVpcs(context)
  const [vpc, ...others] = vpcs
  if (vpc === undefined || others.length > 0) {
    const what = asked === undefined ? 'a default network' : `one network ${asked}`
    const next = 'Set aws-vpc to the id of a network, or to a tag Key=Value that one network has.'
    return {
      refusals: [refuse('aws-vpc', `expected ${what} in ${context.settings.region}, found ${vpcs.length}.`, next)],
    }
  }
  if (!makes) return { found: { vpc: vpc.id, cidr: vpc.cidr, subnets: [] } }
  const subnets = onePerZone(await findSubnets(context, vpc.id))
  if (subnets.length > 0) return { found: { vpc: vpc.id, cidr: vpc.cidr, subnets } }
  const which = context.settings.subnets.join(', ') || 'any subnet'
  const next = 'Set aws-subnets to subnets of that network, one a zone, by id or by a tag Key=Value.'
  return { refusals: [refuse('aws-subnets', `expected ${which} in ${vpc.id}, found none.`, next)] }
}

async function findVpcs({ aws, settings }: AwsContext): Promise<{ id: string; cidr: string }[]> {
  const { vpc } = settings
  const which = vpc?.startsWith('vpc-')
    ? { VpcIds: [vpc] }
    : { Filters: vpc === undefined ? [{ Name: 'is-default', Values: ['true'] }] : [byTag(vpc)] }
  const answer = await unlessMissing(() => aws.ec2.describeVpcs(which))
  return (answer?.Vpcs ?? []).map(({ VpcId = '', CidrBlock = '' }) => ({ id: VpcId, cidr: CidrBlock }))
}

async function findSubnets({ aws, settings }: AwsContext, vpc: string): Promise<AwsSubnet[]> {
  const tags = settings.subnets.filter((one) => one.includes('='))
  const ids = settings.subnets.filter((one) => !one.includes('='))
  const Filters: Filter[] = [{ Name: 'vpc-id', Values: [vpc] }, ...tags.map(byTag)]
  if (ids.length > 0) Filters.push({ Name: 'subnet-id', Values: ids })
  const { Subnets } = await aws.ec2.describeSubnets({ Filters })
  return Subnets ?? []
}

/** A load balancer takes one subnet a zone. Of several the zone's default one counts, else the first by id. */
export function onePerZone(subnets: AwsSubnet[]): Place['subnets'] {
  const inOrder = subnets.toSorted(
    (a, b) =>
      Number(b.DefaultForAz ?? false) - Number(a.DefaultForAz ?? false) || compare(a.SubnetId ?? '', b.SubnetId ?? ''),
  )
  const zones = new Map<string, string>()
  for (const { AvailabilityZone = '', SubnetId = '' } of inOrder) {
    if (!zones.has(AvailabilityZone)) zones.set(AvailabilityZone, SubnetId)
  }
  return [...zones].map(([zone, id]) => ({ id, zone })).sort((a, b) => compare(a.zone, b.zone))
}

function byTag(text: string): Filter {
  const at = text.indexOf('=')
  return { Name: `tag:${text.slice(0, at)}`, Values: [text.slice(at + 1)] }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function refuse(subject: string, what: string, next: string): Refusal {
  return { kind: 'preflight', subject, what, next }
}
