import { join } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { SnapshotCall, TakenSnapshot } from '../distribution.ts'
import { askApi } from './api-facts.ts'
import { type Obtained, obtainState } from './obtain-state.ts'
import { recordedCall, recordedIn } from './recorded-call.ts'
import { fileSha256, unpackArchive } from './snapshot-archive.ts'
import { archivePath, snapshotName } from './snapshot-name.ts'
import { type FoundSnapshot, lookForSnapshot } from './snapshots-on-node.ts'
import { parseState, stateCa } from './state-file.ts'
import { callRke, type RkeTools } from './work-folder.ts'

export type Taking = { tools: RkeTools; stack: string; call: SnapshotCall; hosts: Hosts; signal: AbortSignal }

/** A copy that was read whole. */
export type Copy = { node: string; takenAt: Date; file: string; etcdFile: string; sha256: string; revision: number }

/** Streams of gigabytes over a slow line. */
const READ_DEADLINE_MS = 3_600_000

/** A snapshot on every node whose member answers, and one good copy of it here. */
export async function takeSnapshot(taking: Taking): Promise<TakenSnapshot> {
  const { stack, hosts, call } = taking
  const obtained = await neededState(hosts, stack)
  const name = snapshotName(new Date(), call.run)
  const members = memberHosts(hosts.reached, obtained.text)
  const found = await saveOn(members, name, obtained.text, taking)
  for (const one of found) {
    const copy = one.problem === undefined ? await readCopy(one, name, taking) : one.problem
    if (typeof copy !== 'string') {
      const { facts } = await askApi(hosts.reached)
      return describe(copy, found, { name, obtained, clusterUid: facts?.uid })
    }
    one.problem = copy
  }
  throw noGoodCopy(found)
}

/** @throws StackError of kind `snapshot` where there is no cluster */
export async function neededState(hosts: Hosts, stack: string): Promise<Obtained> {
  const obtained = await obtainState(hosts, stack, undefined)
  if (obtained !== undefined) return obtained
  throw new StackError('snapshot', 'there is no cluster on these nodes to take a snapshot of')
}

/** The nodes that are etcd members by the cluster's own record. */
export function memberHosts(hosts: Host[], stateText: string): Host[] {
  const names = new Set(recordedIn(stateText).members.map(({ name }) => name))
  return hosts.filter(({ node }) => names.has(node.name))
}

/**
 * Has rke save a snapshot on each of these nodes. Its exit code is no verdict either way: it is 0 when one node of three
 * has one, and says nothing of those that are whole when it is 1.
 *
 * @returns what lies on each node afterwards
 */
async function saveOn(
  members: Host[],
  name: string,
  state: string,
  { tools, stack, hosts, signal }: Taking,
): Promise<FoundSnapshot[]> {
  const nodes = members.map(({ node }) => node)
  const call = recordedCall(['etcd', 'snapshot-save', '--name', name], { stack, nodes }, state)
  const ours = { ...hosts, reached: members, get: (wanted: string) => members.find(({ node }) => node.name === wanted) }
  let failure: unknown
  try {
    await callRke(tools, ours, call, signal)
  } catch (error) {
    signal.throwIfAborted()
    failure = error
  }
  const found = await Promise.all(members.map((host) => lookForSnapshot(host, name)))
  if (failure !== undefined && found.every(({ problem }) => problem !== undefined)) throw failure
  return found
}

/** Brings one node's copy here and reads it whole. @returns what is wrong with it, when something is */
async function readCopy(
  { node, sha256, writtenAt }: FoundSnapshot,
  name: string,
  { tools, hosts, call, signal }: Taking,
): Promise<Copy | string> {
  const host = hosts.get(node)
  if (host === undefined) return 'no connection'
  const file = join(tools.folder, `${name}.zip`)
  const etcdFile = join(tools.folder, `${name}-${node}.db`)
  try {
    await host.save(`cat '${archivePath(name)}'`, file, { sudo: true, deadlineMs: READ_DEADLINE_MS, signal })
    if ((await fileSha256(file)) !== sha256) return 'it changed on the way'
    await unpackArchive(file, name, etcdFile)
    const { revision } = await call.judge(etcdFile, { digest: true })
    return { node, takenAt: writtenAt, file, etcdFile, sha256, revision }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StackError) return error.message
    throw error
  }
}

/**
 * All that is to be known of a snapshot beside its bytes. Pure.
 *
 * @param clusterUid as the API told it; undefined when it could not, and what was kept on the nodes counts
 */
export function describe(
  { node, takenAt, file, etcdFile, sha256 }: Copy,
  found: Pick<FoundSnapshot, 'node' | 'problem'>[],
  { name, obtained, clusterUid }: { name: string; obtained: Obtained; clusterUid: string | undefined },
): TakenSnapshot {
  const { text, found: kept } = obtained
  const { version, members } = recordedIn(text)
  return {
    name,
    takenAt,
    node,
    file,
    etcdFile,
    sha256,
    state: text,
    caFingerprint: stateCa(parseState(text, "the cluster's state")),
    clusterUid: clusterUid ?? kept?.clusterUid,
    kubernetesVersion: version,
    asked: kept?.asked,
    members: members.map((member) => member.name).toSorted(),
    copies: found.map((one) => ({ node: one.node, problem: one.problem })),
  }
}

export function noGoodCopy(found: Pick<FoundSnapshot, 'node' | 'problem'>[]): StackError {
  const told = found.map(({ node, problem }) => `${node}: ${problem}`).join('\n')
  return new StackError('snapshot', `no node has a good snapshot\n${told}`, {
    stands: 'The cluster is as it was.',
    next: 'Look at the disks of the nodes and at their etcd members, then run again.',
    retry: true,
  })
}
