import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, succeeds } from '../host/command.ts'
import { addressIn, type Interface, prefixOf } from './interfaces.ts'
import type { LabSubnet } from './moto.ts'
import { ADDRESSES, NETWORK_PREFIX, NETWORKS } from './places.ts'

/** Device of the private network's router towards the internet. */
export const GATEWAY = 'gateway'

/** Between router and internet; nobody sees these. */
const LINK = { router: '169.254.77.1', internet: '169.254.77.2' }
/** Two places on the internet, each behind a gateway of its own. */
const WORLD = [
  { device: 'world', name: NETWORKS.outside, address: ADDRESSES.outside, gateway: '198.51.100.1' },
  { device: 'users', name: NETWORKS.user, address: ADDRESSES.user, gateway: '192.0.2.1' },
]
const PRIVATE = '172.31.0.0/16'

/** What `ip netns exec` puts in the place of /etc/resolv.conf and /etc/hosts. */
const ETC = '/etc/netns'

/**
 * The private network's router, the internet, and a runner in each. None of them has a way to this machine's own
 * network: what is not in the lab is not there.
 */
export async function makeNetworks(): Promise<void> {
  const { vpc, internet, outside, user, inside } = NETWORKS
  const all = [vpc, internet, outside, user, inside]
  for (const name of all) await ip(['netns', 'add', name])
  for (const name of [vpc, internet]) await inNetwork(name, ['sysctl', '-qw', ...ROUTER])
  await batch([
    ...all.map((name) => [name, 'link set lo up']),
    [vpc, `link add ${GATEWAY} type veth peer name vpc netns ${internet}`],
    [vpc, `addr add ${LINK.router}/30 dev ${GATEWAY}`],
    [vpc, `link set ${GATEWAY} up`],
    [internet, `addr add ${LINK.internet}/30 dev vpc`],
    [internet, 'link set vpc up'],
    [vpc, `route add default via ${LINK.internet}`],
    [vpc, `route add ${ADDRESSES.resolver}/32 via ${LINK.internet}`],
    [vpc, `route add blackhole ${PRIVATE}`],
    [internet, `route add ${PRIVATE} via ${LINK.router}`],
    ...[ADDRESSES.resolver, ADDRESSES.nameServer, ADDRESSES.services].map((address) => [
      internet,
      `addr add ${address}/32 dev lo`,
    ]),
    ...WORLD.flatMap(({ device, name, address, gateway }) => [
      [internet, `link add ${device} type veth peer name eth0 netns ${name}`],
      [internet, `addr add ${gateway}/24 dev ${device}`],
      [internet, `link set ${device} up`],
      [name, `addr add ${address}/24 dev eth0`],
      [name, 'link set eth0 up'],
      [name, `route add default via ${gateway}`],
    ]),
  ])
  for (const name of [outside, user]) await writeResolver(name, ADDRESSES.nameServer)
  await writeResolver(inside, ADDRESSES.resolver)
}

/** Before any device is made: each inherits what stands then. A router answers for all whom it has a way to. */
const ROUTER = [
  'net.ipv4.ip_forward=1',
  'net.ipv4.conf.all.rp_filter=0',
  'net.ipv4.conf.default.rp_filter=0',
  'net.ipv4.conf.default.proxy_arp=1',
]

async function writeResolver(network: string, nameServer: string): Promise<void> {
  const folder = join(ETC, network)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'resolv.conf'), `nameserver ${nameServer}\noptions timeout:2 attempts:2\n`)
  await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost\n')
}

/** The gateways of the subnets are addresses of the router. */
export async function setGateways(subnets: LabSubnet[]): Promise<void> {
  for (const { cidr } of subnets) {
    await ip(['-n', NETWORKS.vpc, 'addr', 'replace', `${addressIn(cidr, 1)}/32`, 'dev', 'lo'])
  }
}

/**
 * Lays the cable from the router to where an interface is: a network by its name, or that of a process. There it is eth0,
 * in a network as large as its subnet, with the router as gateway.
 */
export async function connect(
  { device, addresses }: Interface,
  place: { name: string } | { pid: number },
): Promise<void> {
  const [first] = addresses
  if (first === undefined) return
  await disconnect(device)
  const peer = 'name' in place ? place.name : String(place.pid)
  const inside = addresses.map(({ address, cidr }) => `addr add ${address}/${prefixOf(cidr)} dev eth0`)
  const commands = [
    ...inside,
    'link set lo up',
    'link set eth0 up',
    `route add default via ${addressIn(first.cidr, 1)}`,
  ]
  await ip(['-n', NETWORKS.vpc, 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer])
  // Else it waits before it answers for another.
  await inNetwork(NETWORKS.vpc, ['sysctl', '-qw', `net.ipv4.neigh.${device}.proxy_delay=0`])
  await batch([
    [NETWORKS.vpc, `link set ${device} up`],
    ...addresses.map(({ address }) => [NETWORKS.vpc, `route replace ${address}/32 dev ${device}`]),
  ])
  await enter(place, ['ip', '-batch', '-'], commands.join('\n'))
}

/** The cable is gone; with a network that ended it may go by itself at any moment. */
export async function disconnect(device: string): Promise<void> {
  const isThere = () => succeeds('ip', ['-n', NETWORKS.vpc, 'link', 'show', device])
  if (await isThere()) {
    await ip(['-n', NETWORKS.vpc, 'link', 'delete', device]).catch(async (thrown: unknown) => {
      if (await isThere()) throw thrown
    })
  }
}

/** Runs a program of this machine in a network. @returns its output */
export function enter(place: { name: string } | { pid: number }, command: string[], input = ''): Promise<string> {
  if ('name' in place) return inNetwork(place.name, command, input)
  return run('nsenter', ['--target', String(place.pid), '--net', ...command], { input })
}

export function inNetwork(name: string, command: string[], input = ''): Promise<string> {
  return run('ip', ['netns', 'exec', name, ...command], { input })
}

/** Starts a program of this machine in a network; it ends with the network. */
export function startIn(name: string, command: string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', name, ...command], { stdio: ['ignore', 'ignore', 'inherit'] })
  child.on('error', (error) => console.error(`${command[0]}: ${error.message}`))
  child.unref()
  return child
}

export async function addNetwork(name: string): Promise<void> {
  await ip(['netns', 'add', name])
}

/** Takes a network away, with all that runs in it. */
export async function removeNetwork(name: string): Promise<void> {
  for (const pid of (await run('ip', ['netns', 'pids', name])).split('\n').filter(Boolean)) kill(Number(pid))
  await ip(['netns', 'delete', name])
  await rm(join(ETC, name), { recursive: true, force: true })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
  }
}

/** Networks of this lab's cloud that stand. */
export async function ourNetworks(): Promise<string[]> {
  const names = (await run('ip', ['netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '')
  return names.filter((name) => name.startsWith(NETWORK_PREFIX))
}

/** Connections that stood are judged anew: what no rule admits any more falls silent. */
export async function forgetConnections(): Promise<void> {
  await inNetwork(NETWORKS.vpc, ['conntrack', '--flush'])
}

function ip(args: string[]): Promise<string> {
  return run('ip', args)
}

async function batch(commands: string[][]): Promise<void> {
  for (const [network = '', command = ''] of commands) await ip(['-n', network, ...command.split(' ')])
}
