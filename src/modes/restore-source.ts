import { readFile } from 'node:fs/promises'
import { type Refusal, StackError } from '../errors.ts'
import type { Asked, RestoreSource, TakenSnapshot } from '../kubernetes/distribution.ts'
import type { RestoreRun } from '../run.ts'
import { parseSigner } from '../snapshots/signer.ts'
import type { Manifest, OpenedSnapshot, Snapshots } from '../snapshots/snapshot.ts'
import { hostnameOf } from './prove.ts'
import type { Strategy } from './restore-strategy.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'

/** What the cluster is to be, as far as it is known before anything is touched. Holds secrets: never printed whole. */
export type Target = {
  strategy: Strategy
  /** undefined while survivors are still to be saved. */
  source: RestoreSource | undefined
  hostname: string
  nodeCount: number
  clusterUid: string | undefined
  /** Of a stored snapshot; undefined for others. */
  manifest: Manifest | undefined
  /** Who signed it; undefined for what was never stored, and for one opened whoever signed it. */
  signer: string | undefined
  /** The values Rancher ran with then; undefined when nobody knows. */
  values: Record<string, unknown> | undefined
  /** The key the stack signs with, when no node has it. */
  signerPem: string | undefined
}

/** The stack's snapshot, verified whole, or what is known of one that is still to be saved. Closing `opened` removes its files. */
export async function findTarget(
  strategy: Strategy,
  { settings, signal }: RestoreRun,
  { stack, snapshots, seen, opened }: { stack: Stack; snapshots: Snapshots; seen: Seen; opened: AsyncDisposableStack },
): Promise<Target> {
  const { distribution, hosts } = stack
  const { cluster, infrastructure } = seen
  const hostname = hostnameOf({ settings }, seen)
  const recorded = distribution.recordedMembers(cluster).length
  const counted = (known: number) => nodeCountOf(settings, infrastructure.nodes.length, known)
  const bare = { strategy, manifest: undefined, signer: undefined, values: undefined, signerPem: undefined }
  if (strategy.kind === 'survivor' || strategy.kind === 'nothing') {
    const { uid: clusterUid } = cluster
    return { ...bare, source: undefined, hostname: known(hostname), nodeCount: counted(recorded), clusterUid }
  }
  if (strategy.kind === 'continue') {
    const source = await distribution.fetchRestoring(strategy.restoring, hosts, signal)
    const { clusterUid, asked } = source
    const name = asked?.hostname ?? hostname
    return { ...bare, source, hostname: known(name), nodeCount: counted(recorded), clusterUid }
  }
  const pem = await distribution.readSigner(hosts)
  const signers = pem === undefined ? [] : [parseSigner(pem).publicKey]
  const snapshot = opened.use(await snapshots.open(strategy.wish, signers, signal))
  const { manifest, files } = snapshot
  return {
    strategy,
    source: await sourceOf(snapshot),
    hostname: known(manifest.hostname || hostname),
    nodeCount: counted(Math.max(manifest.nodes.length, manifest.members.length)),
    clusterUid: manifest.clusterUid,
    manifest,
    signer: snapshot.signer,
    values: files.values === undefined ? undefined : parseValues(await readFile(files.values, 'utf8')),
    signerPem: files.signer === undefined ? undefined : await readFile(files.signer, 'utf8'),
  }
}

/** The snapshot of the survivors once it was saved. */
export function savedSource(taken: TakenSnapshot, uid: string | undefined): RestoreSource {
  const { name, sha256, takenAt, node, file, state, asked } = taken
  const clusterUid = taken.clusterUid ?? uid
  if (clusterUid === undefined) {
    throw new StackError('snapshot', 'nobody knows the UID of the cluster that is left', {
      stands: 'Nothing was given up.',
      next: 'Give cluster-uid, the UID its namespace kube-system had.',
    })
  }
  return {
    snapshot: name,
    sha256,
    clusterUid,
    takenAt: takenAt.toISOString(),
    from: `survivor ${node}`,
    file,
    state,
    asked,
  }
}

/** A snapshot of another cluster than the one the stack is known to be of. */
export function refuseIdentity(
  { clusterUid }: Target,
  { cluster, infrastructure }: Seen,
  given: string | undefined,
): Refusal[] {
  const expected = given ?? cluster.uid ?? infrastructure.memory.clusterUid
  if (expected === undefined || clusterUid === undefined || clusterUid === expected) return []
  return [
    {
      kind: 'snapshot',
      subject: 'restore-from',
      what: `expected a snapshot of cluster ${expected}, got one of ${clusterUid}.`,
      next: 'Name a snapshot of this stack, or check provider and name.',
    },
  ]
}

async function sourceOf({ manifest, files }: OpenedSnapshot): Promise<RestoreSource> {
  const part = manifest.parts.find(({ role }) => role === 'distribution')
  if (part === undefined) throw new StackError('bug', 'an opened snapshot names no file of the distribution')
  return {
    snapshot: manifest.distribution.snapshot,
    sha256: part.sha256,
    clusterUid: manifest.clusterUid,
    takenAt: manifest.takenAt.toISOString(),
    from: manifest.name,
    file: files.distribution,
    state: await readFile(files.state, 'utf8'),
    asked: askedIn(manifest.asked),
  }
}

/** stack.json as it stood beside the cluster; one of an older form counts for nothing. */
function askedIn(asked: Record<string, unknown> | undefined): Asked | undefined {
  if (typeof asked?.['hostname'] !== 'string' || typeof asked['clusterDigest'] !== 'string') return undefined
  return asked as Asked
}

function parseValues(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>
}

/** Machines that somebody else made are as many as were named and not forced. */
function nodeCountOf({ provider, nodeCount }: RestoreRun['settings'], standing: number, known: number): number {
  if (provider.kind === 'hosts') return standing
  return nodeCount ?? (known > 0 ? known : standing)
}

function known(hostname: string | undefined): string {
  if (hostname !== undefined && hostname !== '') return hostname
  throw new StackError('preflight', 'nobody knows the name this Rancher answers to', {
    stands: 'Nothing was changed.',
    next: 'Name a stored snapshot with restore-from: its manifest tells the name.',
  })
}
