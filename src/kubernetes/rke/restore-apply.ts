import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { Api, Asked, RestoreSource, Restoring, WantedRestore } from '../distribution.ts'
import { clearListeners } from './clean-node.ts'
import { deleteNodeObject } from './delete-node-object.ts'
import { archivesFor, loadMissing } from './load-images.ts'
import { newestGeneration, obtainState } from './obtain-state.ts'
import { proveCluster } from './prove.ts'
import { recordedCall, recordedIn } from './recorded-call.ts'
import { hasOwnBucket } from './recorded-config.ts'
import type { RestoreChange } from './restore-plan.ts'
import { fileSha256 } from './snapshot-archive.ts'
import { archivePath, SNAPSHOT_FOLDER } from './snapshot-name.ts'
import { lookForSnapshot } from './snapshots-on-node.ts'
import type { StackFile } from './state.ts'
import { writeState } from './state-store.ts'
import { callRke, type RkeTools } from './work-folder.ts'

type Work = {
  tools: RkeTools
  hosts: Hosts
  wanted: WantedRestore
  openApi: () => Promise<Api>
  lease: Lease
  signal: AbortSignal
}

/** Carries out one change of a restore; each may be repeated. */
export async function applyRestore(change: RestoreChange, work: Work): Promise<void> {
  const { hosts, wanted, signal } = work
  switch (change.kind) {
    case 'load-images':
      return await loadMissing(hostOf(hosts, change.node), archivesOf(wanted), signal)
    case 'clear-restore':
      return await clearRestore(hostOf(hosts, change.node))
    case 'put-snapshot':
      return await putSnapshot(hostOf(hosts, change.node), sourceOf(wanted), signal)
    case 'write-restore-ahead':
      return await writeAhead(work)
    case 'restore-cluster':
      return await restore(change.leaderless, work)
    case 'prove-restored':
      return await prove(work)
  }
}

/** What the cluster that is brought back runs. */
function archivesOf(wanted: WantedRestore): WantedRestore['images'] {
  return archivesFor(wanted.images, recordedIn(sourceOf(wanted).state).version)
}

/** Containers of an attempt that was cut off are used again as they are: with old output, an honest retry fails on them. */
async function clearRestore(host: Host): Promise<void> {
  const names = 'etcd-snapshot-once|etcd-restore|etcd-download-backup|etcd-Serve-backup|etcd-checksum-checker'
  const script = `names=$(docker ps -a --format '{{.Names}}' | grep -xE '${names}|etcd-extract-statefile'); [ -z "$names" ] || docker rm -fv $names`
  await host.run('sh -s -- clear-restore', { sudo: true, input: script })
  await clearListeners(host)
}

/** Streams of gigabytes over a slow line are ended by the step's own deadline. */
const WRITE_DEADLINE_MS = 3_600_000

/**
 * Puts the file that was verified on one node, and sees by its SHA-256 that it is that file: of its own snapshots each
 * node has another one under the same name. What was unpacked of another one is removed.
 */
export async function putSnapshot(
  host: Host,
  { snapshot, sha256, file }: Pick<RestoreSource, 'snapshot' | 'sha256' | 'file'>,
  signal: AbortSignal,
): Promise<void> {
  const path = archivePath(snapshot)
  await host.run(`mkdir -p -m 0700 ${SNAPSHOT_FOLDER} && rm -f '${SNAPSHOT_FOLDER}/${snapshot}'`, { sudo: true })
  if ((await lookForSnapshot(host, snapshot)).sha256 === sha256) return
  signal.throwIfAborted()
  await host.write(path, createReadStream(file), '0600')
  const { sha256: written } = await lookForSnapshot(host, snapshot)
  if (written === sha256) return
  throw new StackError('snapshot', `${host.node.name}: ${path}: expected SHA-256 ${sha256}, got ${written}`, {
    stands: 'Nothing was restored.',
    next: `Look at the disk of ${host.node.name}, then run again.`,
    retry: true,
  })
}

/** From here on the next run knows which snapshot this was, whatever happens to the runner. */
async function writeAhead(work: Work): Promise<void> {
  await writePending(sourceOf(work.wanted).state, work)
}

/**
 * rke wipes the nodes, restores etcd on each from the file that lies there, and brings the cluster up on it; with the
 * state we give it, so that no node's copy is taken for it.
 */
async function restore(leaderless: string[], work: Work): Promise<void> {
  const { tools, hosts, wanted, signal } = work
  const { snapshot, state } = sourceOf(wanted)
  const { stack, nodes, hostname, loadBalancer } = wanted
  const sans = [hostname, ...(loadBalancer === undefined ? [] : [loadBalancer])]
  const args = ['etcd', 'snapshot-restore', '--name', snapshot, '--use-local-state']
  let after = state
  const onState = (text: string) => {
    after = text
  }
  await Promise.all(leaderless.map((name) => endMember(hostOf(hosts, name))))
  await callRke(tools, hosts, { ...recordedCall(args, { stack, nodes, sans }, state), onState }, signal)
  await writePending(after, work)
}

/** A member without a leader never ends within the time rke gives it; its data are wiped next. */
async function endMember(host: Host): Promise<void> {
  await host.run('sh -s -- end-member', {
    sudo: true,
    input: 'if [ "$(docker inspect --format "{{.State.Running}}" etcd)" = true ]; then docker kill etcd; fi',
  })
}

async function prove(work: Work): Promise<void> {
  const { hosts, wanted, openApi, signal } = work
  const { clusterUid, state } = sourceOf(wanted)
  const { version } = recordedIn(state)
  const { uid, nodes } = await proveCluster(hosts, wanted, version, 330_000, signal)
  if (uid !== clusterUid) throw otherCluster(clusterUid, uid)
  const names = new Set(wanted.nodes.map(({ name }) => name))
  for (const { name } of nodes.filter((node) => !names.has(node.name))) await deleteNodeObject(openApi, name)
  const obtained = await obtainState(hosts, wanted.stack, undefined)
  await write(obtained?.text ?? state, { phase: 'done', asked: askedThen(wanted), clusterUid: uid }, work)
}

async function writePending(text: string, work: Work): Promise<void> {
  const { snapshot, sha256, clusterUid, takenAt, from } = sourceOf(work.wanted)
  const restoring = { snapshot, sha256, clusterUid, takenAt, from }
  await write(text, { phase: 'pending', asked: askedThen(work.wanted), clusterUid, restoring }, work)
}

async function write(
  text: string,
  record: Pick<StackFile, 'phase' | 'asked' | 'clusterUid' | 'restoring'>,
  { hosts, wanted, lease }: Work,
): Promise<void> {
  const generation = Math.max(lease.generation, (await newestGeneration(hosts, wanted.stack)) + 1)
  await writeState(wanted.stack, text, generation, record, hosts, lease)
}

/**
 * What was asked of the stack when the snapshot was taken. On other machines, or without rke's own bucket, the cluster
 * is not quite what was asked: no digest says so, and the next install brings it there.
 */
function askedThen({ hostname, nodes, source }: WantedRestore): Asked | undefined {
  if (source === undefined) return undefined
  const { raw, version, members } = recordedIn(source.state)
  const place = (list: { name: string; privateAddress: string }[]) =>
    list
      .map(({ name, privateAddress }) => `${name} ${privateAddress}`)
      .toSorted()
      .join()
  const isSame = place(members) === place(nodes) && !hasOwnBucket(raw)
  return {
    rancherVersion: undefined,
    helmValues: undefined,
    ...source.asked,
    hostname: source.asked?.hostname ?? hostname,
    kubernetesVersion: version,
    clusterDigest: isSame ? (source.asked?.clusterDigest ?? '') : '',
  }
}

/** The snapshot of a restore that was not finished, from a node that has it whole. */
export async function fetchRestoring(
  restoring: Restoring,
  { hosts, stack, tools, signal }: { hosts: Hosts; stack: string; tools: RkeTools; signal: AbortSignal },
): Promise<RestoreSource> {
  const { snapshot, sha256 } = restoring
  const obtained = await obtainState(hosts, stack, undefined)
  if (obtained === undefined) throw new StackError('bug', 'a restore is under way, and no node has a state')
  const file = join(tools.folder, `${snapshot}.zip`)
  for (const host of hosts.reached) {
    if ((await lookForSnapshot(host, snapshot)).sha256 !== sha256) continue
    await host.save(`cat '${archivePath(snapshot)}'`, file, { sudo: true, deadlineMs: WRITE_DEADLINE_MS, signal })
    if ((await fileSha256(file)) === sha256)
      return { ...restoring, file, state: obtained.text, asked: obtained.found?.asked }
  }
  throw new StackError('snapshot', `the snapshot ${snapshot} of the restore that was begun lies on no node any more`, {
    stands: 'The nodes are as that restore left them.',
    next: 'Name the snapshot to go on with: restore-from with the name of a kept one, or latest.',
  })
}

function otherCluster(expected: string, got: string): StackError {
  return new StackError('snapshot', `expected the cluster ${expected}, got ${got}`, {
    stands: 'What was restored runs.',
    next: 'Look whether the snapshot is the right one; its manifest names another cluster than the one in it.',
  })
}

function sourceOf({ source }: WantedRestore): RestoreSource {
  if (source !== undefined) return source
  throw new StackError('bug', 'a snapshot was to be restored before it was there')
}

function hostOf(hosts: Hosts, name: string): Host {
  const host = hosts.get(name)
  if (host !== undefined) return host
  throw new StackError('ssh', `${name}: no connection`, {
    stands: 'It was left as it is.',
    next: 'Make the node answer and run again.',
  })
}
