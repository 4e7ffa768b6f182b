import type { Node } from '../../node.ts'
import type { InfrastructureFacts } from '../infrastructure.ts'
import { readBalancer } from './balancer.ts'
import type { LocalContext } from './context.ts'
import type { DockerFacts } from './docker.ts'
import { expiresOf } from './expiry.ts'
import type { LocalFindings, Machine } from './findings.ts'
import { findEntry, foreignAddresses } from './hosts-file.ts'
import { MACHINE_USER } from './image.ts'
import { BALANCER, isOurs, stackHash } from './names.ts'
import { PATHS } from './paths.ts'
import { publicKeyIn } from './public-key.ts'
import { refuseForeign, refuseName } from './refuse.ts'
import { addressOf, chooseSubnet } from './subnet.ts'

/** Reads Docker, the stack's machines and the runner's hosts file; writes nothing anywhere. */
export async function inspectLocal(context: LocalContext): Promise<InfrastructureFacts> {
  const { docker, names, runner, stack, mark } = context
  const [seen, routes, hosts, imageHere] = await Promise.all([
    docker.facts(stack.name, names.prefix),
    runner.routes(),
    runner.readHosts(),
    docker.hasImage(context.image.name),
  ])
  const ours = onlyOurs(seen, context)
  const network = ours.networks.find(({ name }) => name === names.network)
  const used = [...seen.networks.flatMap(({ subnets }) => subnets), ...routes]
  const subnet = network?.subnets[0] ?? chooseSubnet(stackHash(stack), used)

  const machines = machinesOf(ours, subnet, context)
  const lb = machines.find(({ name }) => name === BALANCER) ?? missing(BALANCER, subnet)
  const balancer = await readBalancer(context, lb)
  const nodes = await Promise.all(
    machines.filter(({ name }) => name !== BALANCER).map((machine) => readNode(context, machine, balancer.publicKey)),
  )

  const entry = findEntry(hosts, mark)
  const hostname = context.hostname ?? balancer.memory.hostname ?? entry?.hostname ?? `${stack.name}.rancher.test`
  const { memory, targets, serving, ...found } = balancer
  const expires = expiresOf({ ...context, ttlMs: undefined }, seen)
  const own: LocalFindings = {
    image: { ...context.image, here: imageHere },
    network: { here: network !== undefined, subnet },
    balancer: found,
    nodes: nodes.map(({ found }) => found),
    entry,
  }
  return {
    nodes: nodes.flatMap(({ node }) => (node === undefined ? [] : [node])),
    loadBalancer: madeState(lb) ? { address: lb.address, targets, serving } : undefined,
    name: { hostname, addresses: await runner.resolve(hostname) },
    memory,
    ...(expires !== undefined && { expires }),
    refusals: [...refuseForeign(seen, context), ...refuseName(hostname, foreignAddresses(hosts, mark, hostname))],
    owned: ownedBy(ours, entry && `hosts line ${entry.address} ${entry.hostname}`),
    own,
  }
}

function onlyOurs(seen: DockerFacts, { stack }: LocalContext): DockerFacts {
  const ours = <T extends { labels: Record<string, string> }>(all: T[]) =>
    all.filter(({ labels }) => isOurs(labels, stack))
  return { containers: ours(seen.containers), networks: ours(seen.networks), volumes: ours(seen.volumes) }
}

/** Every machine that has a container or a volume, the nodes in the order of their numbers. */
function machinesOf({ containers, volumes }: DockerFacts, subnet: string, { names }: LocalContext): Machine[] {
  const found = new Map<string, Machine>()
  const at = (resource: string) => {
    const name = names.machine(resource)
    if (name === undefined) return undefined
    const machine = found.get(name) ?? missing(name, subnet)
    found.set(name, machine)
    return machine
  }
  for (const { name, state, address } of containers) {
    const machine = at(name)
    if (machine !== undefined) Object.assign(machine, { container: state, address: address ?? machine.address })
  }
  for (const { name } of volumes) {
    const machine = at(name)
    if (machine !== undefined) machine.volume = true
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function missing(name: string, subnet: string): Machine {
  return { name, address: addressOf(subnet, name), container: 'missing', volume: false }
}

/** Started at least once. */
function madeState({ container }: Machine): 'running' | 'stopped' | undefined {
  return container === 'running' || container === 'stopped' ? container : undefined
}

type SeenNode = { node: Node | undefined; found: LocalFindings['nodes'][number] }

/** A machine is a node once sshd has made its host key; until then it is only half made. */
async function readNode(context: LocalContext, machine: Machine, publicKey: string | undefined): Promise<SeenNode> {
  const state = madeState(machine)
  if (state === undefined) return { node: undefined, found: { ...machine, keyed: false } }
  const container = { name: context.names.container(machine.name), state }
  const files = await context.docker.read(container, [PATHS.hostKey, PATHS.authorizedKeys])
  const hostKey = publicKeyIn(files.get(PATHS.hostKey))
  const authorized = publicKeyIn(files.get(PATHS.authorizedKeys))
  const node: Node = {
    name: machine.name,
    address: machine.address,
    port: 22,
    privateAddress: machine.address,
    user: MACHINE_USER,
    state,
    hostKeys: hostKey === undefined ? [] : [hostKey],
  }
  return {
    node: hostKey === undefined ? undefined : node,
    found: { ...machine, keyed: authorized !== undefined && authorized === publicKey },
  }
}

function ownedBy({ containers, networks, volumes }: DockerFacts, entry: string | undefined): string[] {
  const list = (kind: string, all: { name: string }[]) => all.map(({ name }) => `${kind} ${name}`).sort()
  return [
    ...list('container', containers),
    ...list('network', networks),
    ...list('volume', volumes),
    ...(entry ? [entry] : []),
  ]
}
