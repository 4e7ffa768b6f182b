import { BlockList, isIPv4 } from 'node:net'
import { StackError } from '../../errors.ts'
import { BALANCER, nodeNumber } from './names.ts'

/** Stacks live in /24 networks of this range. */
const RANGE = '10.77'

/** A wider route says where strangers are (a VPN to 10.0.0.0/8), not that our addresses are in use. */
const WIDEST_COUNTED_PREFIX = 16

/**
 * The stack's network ("10.77.41.0/24"): the place its hash gives it, or the next one that overlaps nothing.
 *
 * @param used networks of Docker and routes of this machine ("172.17.0.0/16"); others than IPv4 are left aside
 * @throws StackError of kind `preflight` when all 256 are taken
 */
export function chooseSubnet(hash: Buffer, used: string[]): string {
  const taken = used.filter(counts)
  const start = hash.readUInt8(0)
  for (let step = 0; step < 256; step++) {
    const candidate = `${RANGE}.${(start + step) % 256}.0/24`
    if (!taken.some((other) => overlap(candidate, other))) return candidate
  }
  throw new StackError('preflight', `Every /24 network of ${RANGE}.0.0/16 is in use on this machine.`, {
    stands: 'Nothing was changed.',
    next: 'Remove Docker networks or routes in that range that nobody needs (docker network prune, ip route).',
  })
}

/** The fixed address of a machine in the stack's network: the balancer .10, node-1 .11, node-2 .12 and so on. */
export function addressOf(subnet: string, machine: string): string {
  const last = machine === BALANCER ? 10 : 10 + nodeNumber(machine)
  return `${networkOf(subnet).split('.').slice(0, 3).join('.')}.${last}`
}

/** Where this machine is in the stack's network. */
export function gatewayOf(subnet: string): string {
  return `${networkOf(subnet).split('.').slice(0, 3).join('.')}.1`
}

function counts(cidr: string): boolean {
  return isIPv4(networkOf(cidr)) && prefixOf(cidr) >= WIDEST_COUNTED_PREFIX
}

function overlap(a: string, b: string): boolean {
  return blockOf(a).check(networkOf(b)) || blockOf(b).check(networkOf(a))
}

function blockOf(cidr: string): BlockList {
  const block = new BlockList()
  block.addSubnet(networkOf(cidr), prefixOf(cidr))
  return block
}

function networkOf(cidr: string): string {
  return cidr.split('/')[0] ?? ''
}

/** A route to one address is spelled without a prefix. */
function prefixOf(cidr: string): number {
  return Number(cidr.split('/')[1] ?? 32)
}
