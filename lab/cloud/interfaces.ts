import { createHash } from 'node:crypto'
import type { LabBalancer, LabInstance, LabSubnet, LabWorld } from './moto.ts'
import { ADDRESSES } from './places.ts'

/** What stands in the private network with an address of its own. */
export type Interface = {
  /** Name of the network device on the router's side, of at most 15 characters. */
  device: string
  /** Id of the instance, ARN of the balancer, or "runner". */
  owner: string
  /** The first is the one it sends from. */
  addresses: { address: string; cidr: string; public: string | undefined }[]
  /** Security groups. */
  groups: string[]
}

/** Instances in these states are on the network. */
const CONNECTED = ['pending', 'running', 'stopping']

/** Where balancers are in each subnet: far from where instances are put. */
const BALANCER_OFFSET = 14 * 256 + 10
/** Of RFC 5737: nobody's. Each balancer has eight of them. */
const BALANCER_PUBLIC = '203.0.113.'
const MOST_BALANCERS = 31

/**
 * Every interface of the account.
 *
 * @param places number of each balancer, by ARN, kept as long as it lives
 */
export function interfacesOf(world: LabWorld, places: Map<string, number>): Interface[] {
  const cidrOf = new Map(world.subnets.map(({ id, cidr }) => [id, cidr]))
  const instances = world.instances.filter(({ state }) => CONNECTED.includes(state))
  return [
    ...instances.flatMap((instance) => instanceInterface(instance, cidrOf)),
    ...world.balancers.map((balancer) => balancerInterface(balancer, world.subnets, places.get(balancer.arn) ?? 0)),
    ...runnerInterface(world.subnets),
  ]
}

function instanceInterface(instance: LabInstance, cidrOf: Map<string, string>): Interface[] {
  const { id, privateAddress, publicAddress, subnet, groups } = instance
  const cidr = cidrOf.get(subnet)
  if (privateAddress === null || cidr === undefined) return []
  return [
    {
      device: deviceOf('m', id),
      owner: id,
      addresses: [{ address: privateAddress, cidr, public: publicAddress ?? undefined }],
      groups,
    },
  ]
}

function balancerInterface(balancer: LabBalancer, subnets: LabSubnet[], place: number): Interface {
  const own = subnets.filter(({ id }) => balancer.subnets.includes(id)).toSorted((a, b) => (a.zone < b.zone ? -1 : 1))
  const addresses = own.map(({ cidr }, at) => ({
    address: addressIn(cidr, BALANCER_OFFSET + place),
    cidr,
    public: balancer.scheme === 'internet-facing' ? `${BALANCER_PUBLIC}${place * 8 + at + 1}` : undefined,
  }))
  return { device: deviceOf('b', balancer.arn), owner: balancer.arn, addresses, groups: balancer.groups }
}

/** A runner inside has an address, and no group lets anybody in to it. */
function runnerInterface(subnets: LabSubnet[]): Interface[] {
  const subnet = subnets.find(({ cidr }) => contains(cidr, ADDRESSES.inside))
  if (subnet === undefined) return []
  const address = { address: ADDRESSES.inside, cidr: subnet.cidr, public: ADDRESSES.insidePublic }
  return [{ device: 'runner', owner: 'runner', addresses: [address], groups: [] }]
}

/** Gives each balancer a number nobody else has, and frees those of balancers that are gone. */
export function placeBalancers(balancers: LabBalancer[], places: Map<string, number>): Map<string, number> {
  const kept = new Map([...places].filter(([arn]) => balancers.some((one) => one.arn === arn)))
  for (const { arn } of balancers) {
    if (kept.has(arn)) continue
    const taken = new Set(kept.values())
    const free = Array.from({ length: MOST_BALANCERS }, (_, place) => place).find((place) => !taken.has(place))
    if (free === undefined) throw new Error(`The lab's cloud has room for ${MOST_BALANCERS} load balancers.`)
    kept.set(arn, free)
  }
  return kept
}

/** A name for a device that is the same each time and nobody else's. */
export function deviceOf(kind: string, owner: string): string {
  return `${kind}-${createHash('sha256').update(owner).digest('hex').slice(0, 12)}`
}

/** The address so far above the base of a range. */
export function addressIn(cidr: string, offset: number): string {
  return toText(baseOf(cidr) + offset)
}

/** "20" of "172.31.0.0/20". */
export function prefixOf(cidr: string): string {
  return cidr.split('/')[1] ?? '32'
}

function contains(cidr: string, address: string): boolean {
  const size = 2 ** (32 - Number(prefixOf(cidr)))
  const offset = toNumber(address) - baseOf(cidr)
  return offset >= 0 && offset < size
}

function baseOf(cidr: string): number {
  return toNumber(cidr.split('/')[0] ?? '')
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}
