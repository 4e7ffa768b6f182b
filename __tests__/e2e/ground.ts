import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IMAGES } from '../../lab/versions.ts'
import { key } from '../scenarios/inputs.ts'
import { docker } from './eye/docker.ts'
import { balancerAddress, type Machine, machines, on } from './eye/machines.ts'
import type { Stack } from './stack.ts'
import { until } from './until.ts'

type Inputs = Record<string, string>

/** Machines somebody else made, a load balancer before them, and a key that opens them. */
export type Ground = { hosts: Machine[]; balancer: string; privateKey: string; inputs: Inputs }

/** The machines of a stack as their owner would name them for provider hosts, opened by a key of the owner's. */
export async function asHosts(stack: Stack): Promise<Ground> {
  const hosts = await machines(stack.name)
  const privateKey = key()
  for (const host of hosts) await letIn(host, publicHalf(privateKey))
  const balancer = await balancerAddress(stack.name)
  return { hosts, balancer, privateKey, inputs: await hostInputs(hosts, balancer, privateKey) }
}

/** Inputs that name these machines, with the host keys read from their disks. */
export async function hostInputs(hosts: Machine[], balancer: string, privateKey: string): Promise<Inputs> {
  const known = hosts.map(
    async (host) => `${host.address} ${await on(host, 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub')}`,
  )
  return {
    provider: 'hosts',
    'local-image': '',
    hosts: hosts.map((host) => `rancher@${host.address} name=${host.hostname}`).join('\n'),
    'load-balancer': balancer,
    'ssh-private-key': privateKey,
    'ssh-known-hosts': (await Promise.all(known)).join('\n'),
  }
}

/** Bare machines in a network of their own, made with docker's client alone. They carry the stack's label, so that `clear` takes them. */
export async function makeGround(stack: Stack, names = ['node-1', 'node-2', 'node-3']): Promise<Ground> {
  const label = `rancher-ha/stack=${stack.name}`
  await docker('network', 'create', '--subnet', '10.78.0.0/24', '--label', label, 'ground')
  const balancer = '10.78.0.10'
  await addMachine(stack, 'ground', 'lb', balancer)
  for (const [index, name] of names.entries()) await addMachine(stack, 'ground', name, `10.78.0.${11 + index}`)
  const hosts = await machines(stack.name)
  const privateKey = key()
  for (const host of hosts) await letIn(host, publicHalf(privateKey))
  await balance('ground-lb', hosts)
  return { hosts, balancer, privateKey, inputs: await hostInputs(hosts, balancer, privateKey) }
}

/** One more machine, with a disk of its own, whose docker and sshd answer. */
export async function addMachine(stack: Stack, network: string, hostname: string, address: string): Promise<void> {
  const container = `ground-${hostname}`
  const label = ['--label', `rancher-ha/stack=${stack.name}`]
  await docker('volume', 'create', ...label, `${container}-var`)
  const systemd = [
    '--privileged',
    '--cgroupns',
    'private',
    '--tmpfs',
    '/run',
    '--tmpfs',
    '/tmp',
    '--stop-signal',
    'SIGRTMIN+3',
  ]
  const place = [
    '--name',
    container,
    '--hostname',
    hostname,
    '--network',
    network,
    '--ip',
    address,
    '--volume',
    `${container}-var:/var`,
  ]
  await docker('run', '--detach', ...systemd, ...place, ...label, IMAGES.machine)
  await until(`${hostname} ready`, 60_000, async () => {
    await docker('exec', container, 'sh', '-c', 'docker info >/dev/null && systemctl is-active ssh')
    return true
  })
}

/** What the owner of a load balancer writes: 80 and 443 to every machine, judged by port 80. */
export async function balance(container: string, hosts: Machine[]): Promise<void> {
  const listen = (port: number) => [
    `listen tcp-${port}`,
    `  bind :${port}`,
    ...hosts.map((host) => `  server ${host.hostname} ${host.address}:${port} check port 80 inter 1s fall 2 rise 1`),
  ]
  const times = ['timeout connect 2s', 'timeout client 60s', 'timeout server 60s', 'timeout check 2s']
  const config = [
    'defaults',
    '  mode tcp',
    ...times.map((time) => `  ${time}`),
    ...listen(80),
    ...listen(443),
    '',
  ].join('\n')
  const encoded = Buffer.from(config).toString('base64')
  const command = `echo ${encoded} | base64 -d >/etc/haproxy/haproxy.cfg && systemctl restart haproxy`
  await docker('exec', container, 'bash', '-c', command)
}

/** The owner's DNS: on this machine a line of the hosts file, which `clear` takes away. */
export async function nameGround(stack: Stack, { balancer }: Pick<Ground, 'balancer'>): Promise<void> {
  await appendFile('/etc/hosts', `${balancer} ${stack.hostname}\n`)
}

/** Appends a key to those that open the machine. */
export async function letIn(host: Machine, publicKey: string): Promise<void> {
  const home = '/home/rancher/.ssh'
  await on(host, `install -d -m700 -o rancher -g rancher ${home} && echo '${publicKey}' >>${home}/authorized_keys`)
  await on(host, `chown rancher: ${home}/authorized_keys && chmod 600 ${home}/authorized_keys`)
}

export function publicHalf(privateKey: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'key-'))
  try {
    writeFileSync(join(folder, 'id'), privateKey, { mode: 0o600 })
    return execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'id')], { encoding: 'utf8' }).trim()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
