import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { WantedCluster } from '../distribution.ts'
import { renderClusterYml, type Way } from './cluster-yml.ts'
import { findSshd } from './find-sshd.ts'
import { runRke } from './rke-process.ts'
import { withWay } from './state-file.ts'

export type RkeTools = {
  binary: () => Promise<string>
  /** Private keys the nodes may accept, in order. */
  keyFiles: () => Promise<string[]>
  /** The run's private folder. */
  folder: string
  log: (line: string) => void
}

/** A port nothing listens on: with it rke can render and mint, and reaches no node. */
const NOWHERE = 1

/**
 * Lets rke make certificates and state for what is wanted, touching no node (0.6 s).
 * Without a state a first pass makes the CA; only a pass that finds a state makes the certificates of every node.
 *
 * @param state the cluster's state; undefined for a new cluster
 * @returns the new state; its CA is that of `state`
 */
export async function mintState(
  tools: RkeTools,
  wanted: WantedCluster,
  version: string,
  state: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  await using work = await openWork(tools.folder, state)
  const [keyFile] = await tools.keyFiles()
  if (keyFile === undefined) throw new StackError('bug', 'rke needs a private key, and there is none')
  const way: Way = { bastion: { port: NOWHERE, user: 'nobody' }, keyFile, ports: {} }
  await work.write(renderClusterYml(wanted, version, way))
  const init = {
    binary: await tools.binary(),
    folder: work.folder,
    log: () => {},
    signal,
    args: ['up', '--init', ...work.args],
  }
  if (state === undefined) await runRke(init)
  await runRke(init)
  return await work.state()
}

/**
 * Runs `rke up`.
 *
 * @param onState told the state as rke left it, also when rke failed
 * @throws StackError as `runRke` does
 */
export async function runUp(
  tools: RkeTools,
  hosts: Hosts,
  wanted: WantedCluster,
  version: string,
  state: string,
  signal: AbortSignal,
  onState: (state: string) => void,
): Promise<void> {
  const render = (way: Way) => renderClusterYml(wanted, version, way)
  await callRke(tools, hosts, { args: ['up'], render, state: (way) => withWay(state, way), onState }, signal)
}

/** One call of rke that reaches nodes. */
export type Call = {
  /** The command and its own flags. */
  args: string[]
  /** cluster.yml, given the way to the nodes. */
  render: (way: Way) => string
  state: (way: Way) => string
  /** Told the state as rke left it, also when rke failed. */
  onState?: (state: string) => void
}

/**
 * Runs rke. It checks no host key, so it dials nothing but a port of this machine, forwarded by our own pinned
 * connection to one node's sshd, and reaches all nodes from there.
 *
 * @throws StackError as `runRke` does
 */
export async function callRke(
  tools: RkeTools,
  hosts: Hosts,
  { args, render, state, onState }: Call,
  signal: AbortSignal,
): Promise<void> {
  const sshds = new Map(
    await Promise.all(hosts.reached.map(async (host) => [host.node.name, await findSshd(host)] as const)),
  )
  const [gate] = hosts.reached
  const sshd = gate === undefined ? undefined : sshds.get(gate.node.name)
  if (gate === undefined || sshd === undefined) throw new StackError('ssh', 'no node can be reached')
  await using forward = await gate.forward(sshd.address, sshd.port)
  const way: Way = {
    bastion: { port: forward.port, user: gate.node.user },
    keyFile: await chooseKey(await tools.keyFiles(), gate),
    ports: Object.fromEntries([...sshds].map(([name, { port }]) => [name, port])),
  }
  await using work = await openWork(tools.folder, state(way))
  await work.write(render(way))
  try {
    await runRke({
      binary: await tools.binary(),
      folder: work.folder,
      log: tools.log,
      signal,
      args: [...args, ...work.args],
    })
  } finally {
    onState?.(await work.state())
  }
}

/** The key the node accepts: rke takes only one. Of several the first whose public half stands in authorized_keys. */
async function chooseKey(keyFiles: string[], host: Host): Promise<string> {
  const [first] = keyFiles
  if (first === undefined) throw new StackError('bug', 'rke needs a private key, and there is none')
  if (keyFiles.length === 1) return first
  const authorized = (await host.try('cat ~/.ssh/authorized_keys')).stdout
  for (const file of keyFiles) {
    const { stdout } = await promisify(execFile)('ssh-keygen', ['-y', '-f', file])
    const [, material = ''] = stdout.trim().split(' ')
    if (material !== '' && authorized.includes(material)) return file
  }
  return first
}

type Work = AsyncDisposable & {
  folder: string
  args: string[]
  write(clusterYml: string): Promise<void>
  state(): Promise<string>
}

/** A folder of its own for one call of rke; the keys in it are gone when it is closed. */
async function openWork(parent: string, state: string | undefined): Promise<Work> {
  const folder = await mkdtemp(join(parent, 'rke-'))
  const config = join(folder, 'cluster.yml')
  const stateFile = join(folder, 'cluster.rkestate')
  if (state !== undefined) await writeFile(stateFile, state, { mode: 0o600 })
  return {
    folder,
    args: ['--config', config, '--ignore-docker-version'],
    write: async (clusterYml) => await writeFile(config, clusterYml, { mode: 0o600 }),
    state: async () => await readFile(stateFile, 'utf8'),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  }
}
