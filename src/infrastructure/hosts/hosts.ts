import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node } from '../../node.ts'
import type { Access } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { CommonSettings, ProviderSettings } from '../../settings.ts'
import type { Infrastructure, InfrastructureFacts } from '../infrastructure.ts'
import { answersOn, resolveAll } from '../network.ts'
import { refuseBalancer, refuseTwins } from './refuse.ts'

/** How this provider asks the network; the runner's own resolver and sockets but in tests. */
export type HostsNetwork = {
  /** Every address a name or address stands for; empty when it does not resolve. */
  resolve(name: string): Promise<string[]>
  answers(address: string, port: number): Promise<boolean>
}

/** Without a host name the facts name none: nothing outside the nodes remembers it. */
export type HostsOptions = { hostname?: string | undefined; network?: HostsNetwork }

type HostsSettings = Pick<CommonSettings, 'ssh' | 'run'> & {
  provider: Extract<ProviderSettings, { kind: 'hosts' }>
}

/**
 * Machines, a load balancer and a name that somebody else made. This provider only looks at them: it plans nothing,
 * owns nothing, and remembers nothing (the input `cluster-uid` or the newest snapshot does). What the load balancer
 * forwards to cannot be read here; conformance sees it by the connections that arrive.
 */
export function hostsInfrastructure(settings: HostsSettings, options: HostsOptions = {}): Infrastructure {
  const { run } = settings
  return {
    provider: 'hosts',
    inspect: () => inspectHosts(settings, options),
    plan: () => [],
    planDestroy: () => [],
    async apply() {},
    claim: async () => unclaimed(`${run.id}/${run.attempt}`),
    access: (folder) => accessHosts(settings, folder),
    async remember() {},
  }
}

async function inspectHosts(
  { provider }: HostsSettings,
  { hostname, network = { resolve: resolveAll, answers: answersOn } }: HostsOptions,
): Promise<InfrastructureFacts> {
  const { hosts, forceNodes, loadBalancer } = provider
  const given = hosts.filter(({ name, address }) => !forceNodes.includes(name) && !forceNodes.includes(address))
  const [machines, balancers, addresses] = await Promise.all([
    Promise.all(given.map(async (host) => ({ ...host, addresses: await network.resolve(host.address) }))),
    network.resolve(loadBalancer),
    hostname === undefined ? [] : network.resolve(hostname),
  ])
  const [address] = balancers
  const serving = await Promise.all(balancers.map((each) => network.answers(each, 80)))
  return {
    nodes: given.map(nodeOf),
    loadBalancer: address === undefined ? undefined : { address, targets: [], serving: serving.some(Boolean) },
    name: { hostname: hostname ?? '', addresses },
    memory: { clusterUid: undefined, hostname: undefined },
    refusals: [...refuseTwins(machines), ...refuseBalancer(loadBalancer, balancers)],
    owned: [],
  }
}

/** Host keys stand in the known_hosts lines the user gave. */
function nodeOf({ name, address, port, privateAddress, user }: HostsSettings['provider']['hosts'][number]): Node {
  return { name, address, port, privateAddress, user, state: 'running', hostKeys: [] }
}

/** Machines that exist hold the lease themselves; there is no first run to decide. */
function unclaimed(holder: string): Lease {
  return { holder, generation: 0, lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
}

async function accessHosts({ ssh }: HostsSettings, folder: string): Promise<Access> {
  const keyFiles = await Promise.all(
    ssh.privateKeys.map(async (key, index) => {
      const file = join(folder, `id-${index + 1}`)
      await writeFile(file, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 })
      return file
    }),
  )
  const acceptNew = ssh.knownHosts === 'accept-new'
  return {
    keyFiles,
    ...(ssh.bastion !== undefined && { bastion: ssh.bastion }),
    knownHosts: ssh.knownHosts === 'accept-new' ? [] : ssh.knownHosts,
    acceptNew,
  }
}
