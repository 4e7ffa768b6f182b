import { readFile, writeFile } from 'node:fs/promises'
import { docker } from './docker.ts'

/** One machine of a stack as the docker daemon below it knows it. */
export type Machine = {
  container: string
  hostname: string
  address: string
  running: boolean
  /** Put before a command of this machine that is to see the network as that one does; empty where it is the same. */
  enter: string[]
}

type Inspected = {
  Id: string
  Name: string
  Config: { Hostname: string; Labels: Record<string, string> | null }
  State: { Running: boolean; Pid: number }
  NetworkSettings: { Networks: Record<string, { IPAddress: string; IPAMConfig: { IPv4Address?: string } | null }> }
}

/** The nodes of a stack by host name; the load balancer is none of them. */
export async function machines(stack: string): Promise<Machine[]> {
  return (await everyMachine(stack)).filter((machine) => /^node-\d+$/.test(machine.hostname))
}

/** Where the stack's load balancer is. */
export async function balancerAddress(stack: string): Promise<string> {
  const balancer = (await everyMachine(stack)).find((machine) => machine.hostname === 'lb')
  if (balancer === undefined) throw new Error(`stack ${stack} has no load balancer`)
  return balancer.address
}

async function everyMachine(stack: string): Promise<Machine[]> {
  const ids = await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=rancher-ha/stack=${stack}`)
  if (ids === '') return []
  const inspected = JSON.parse(await docker('inspect', ...ids.split('\n'))) as Inspected[]
  return inspected.map(describe).sort((a, b) => a.hostname.localeCompare(b.hostname))
}

/** A machine of the lab's cloud has its name and address in labels, and a network that this machine has no way into. */
function describe({ Name, Config, State, NetworkSettings }: Inspected): Machine {
  const [network] = Object.values(NetworkSettings.Networks)
  const { 'rancher-ha-lab/node': node, 'rancher-ha-lab/address': address } = Config.Labels ?? {}
  return {
    container: Name.replace(/^\//, ''),
    hostname: node ?? Config.Hostname,
    address: address ?? (network?.IPAddress || network?.IPAMConfig?.IPv4Address || ''),
    running: State.Running,
    enter: address === undefined ? [] : ['nsenter', '--target', String(State.Pid), '--net'],
  }
}

/** One machine by its host name. */
export async function machine(stack: string, hostname: string): Promise<Machine> {
  const all = await machines(stack)
  const found = all.find((each) => each.hostname === hostname)
  if (found === undefined)
    throw new Error(`stack ${stack} has no ${hostname}: ${all.map((each) => each.hostname).join(', ')}`)
  return found
}

/** A command as root on a machine that runs, past SSH and our own code. */
export function on({ container }: Machine, command: string): Promise<string> {
  return docker('exec', container, 'bash', '-c', command)
}

/** Everything a stack can leave behind on this machine: for `before` equal `after`. */
export async function everything(): Promise<Record<string, string[]>> {
  const [containers, volumes, networks, hosts] = await Promise.all([
    docker('ps', '--all', '--format', '{{.Names}} {{.Image}}'),
    docker('volume', 'ls', '--format', '{{.Name}}'),
    docker('network', 'ls', '--format', '{{.Name}}'),
    readFile('/etc/hosts', 'utf8'),
  ])
  const lines = (text: string) => text.split('\n').filter(Boolean).sort()
  return { containers: lines(containers), volumes: lines(volumes), networks: lines(networks), hosts: hosts.split('\n') }
}

/** Takes away what a killed test left, past our own code, so that the next one starts on bare ground. */
export async function clear(stack: string, hostname: string): Promise<void> {
  const label = ['--filter', `label=rancher-ha/stack=${stack}`]
  const containers = await docker('ps', '--all', '--quiet', ...label)
  if (containers !== '') await docker('rm', '--force', '--volumes', ...containers.split('\n'))
  const volumes = await docker('volume', 'ls', '--quiet', ...label)
  if (volumes !== '') await docker('volume', 'rm', ...volumes.split('\n'))
  const networks = await docker('network', 'ls', '--quiet', ...label)
  if (networks !== '') await docker('network', 'rm', ...networks.split('\n'))
  const hosts = await readFile('/etc/hosts', 'utf8')
  const kept = hosts.split('\n').filter((line) => !line.split(/\s+/).includes(hostname))
  if (kept.join('\n') !== hosts) await writeFile('/etc/hosts', kept.join('\n'))
}

/** The disk of a machine is gone, and the machine with it: its name and address are free again. */
export async function wipe(machine: Machine): Promise<void> {
  const mounts = await docker(
    'inspect',
    '--format',
    '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}',
    machine.container,
  )
  await docker('rm', '--force', '--volumes', machine.container)
  const named = mounts.split(' ').filter((volume) => volume.startsWith('rancher-ha-'))
  if (named.length > 0) await docker('volume', 'rm', ...named)
}
