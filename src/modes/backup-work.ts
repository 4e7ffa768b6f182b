import { X509Certificate } from 'node:crypto'
import { StackError } from '../errors.ts'
import type { TakenSnapshot } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { BackupRun } from '../run.ts'
import { readEtcdSnapshot } from '../snapshots/etcd-snapshot.ts'
import { formatPlace } from '../snapshots/places.ts'
import { makeSigner, parseSigner, renderSigner, type Signer } from '../snapshots/signer.ts'
import type { KeptSnapshot, ListedSnapshot, Live, Snapshots } from '../snapshots/snapshot.ts'
import type { Apply } from '../steps.ts'
import type { Seen } from './seen.ts'
import { snapshotSource } from './snapshot-source.ts'
import type { Stack } from './stack.ts'
import { tellKept } from './tell-snapshot.ts'

type Surroundings = {
  stack: Pick<Stack, 'distribution' | 'hosts' | 'api'>
  snapshots: Pick<Snapshots, 'keep' | 'prune'>
  seen: Seen
  /** The key the stack signs with; undefined when it has none yet. */
  signerPem: string | undefined
}

/** What each step of the plan does; one leaves to the next what it found. */
export function backupWork(run: BackupRun, { stack, snapshots, seen, signerPem }: Surroundings) {
  const { settings, report } = run
  const { distribution } = stack
  let signer: Signer | undefined = signerPem === undefined ? undefined : parseSigner(signerPem)
  let taken: TakenSnapshot | undefined
  let kept: KeptSnapshot | undefined
  const removed: ListedSnapshot[] = []

  const acts: Record<string, (lease: Lease, stop: AbortSignal) => Promise<void>> = {
    async 'keep-signer'(lease: Lease) {
      signer = makeSigner()
      await distribution.keepSigner(renderSigner(signer), stack.hosts, lease)
    },
    async 'take-snapshot'(lease: Lease, stop: AbortSignal) {
      const call = { run: settings.run, judge: readEtcdSnapshot }
      taken = await distribution.takeSnapshot(call, stack.hosts, lease, stop)
    },
    async 'keep-snapshot'(_lease: Lease, stop: AbortSignal) {
      const source = snapshotSource(run, seen, needed(taken))
      const { verify, acceptDrop } = settings
      const keeping = { signer: needed(signer), live: await liveOf(stack, seen), verify, acceptDrop }
      kept = await snapshots.keep(source, keeping, stop)
      tellKept(report, kept)
      throwUnkept(kept)
    },
    async 'prune-nodes'(lease: Lease) {
      const names = await distribution.pruneSnapshots(stack.hosts, lease)
      for (const name of names) report.line(`Removed ${name} from the nodes`)
    },
    async 'prune-places'(_lease: Lease, stop: AbortSignal) {
      const pruned = await snapshots.prune(needed(kept), settings.retention, stop)
      removed.push(...pruned.removed)
      for (const problem of pruned.problems) report.warning(`Old snapshots were not removed: ${problem}`)
    },
  }
  const apply: Apply = async ({ kind }, lease, stop) => {
    const act = acts[kind]
    if (act === undefined) throw new StackError('bug', `A backup has no step ${kind}.`)
    await act(lease, stop)
  }
  return { apply, removed }
}

/** What the running cluster says of itself: the CA is the one its API server was reached with. */
export async function liveOf(stack: Pick<Stack, 'api'>, { cluster }: Seen): Promise<Live> {
  const revisions = cluster.etcd.flatMap(({ revision }) => revision ?? [])
  const { config } = await stack.api()
  const ca = Buffer.from(config.getCurrentCluster()?.caData ?? '', 'base64')
  const caFingerprint =
    ca.length === 0 ? undefined : new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase()
  return {
    clusterUid: cluster.uid,
    caFingerprint,
    revision: revisions.length === 0 ? undefined : Math.max(...revisions),
  }
}

/** @throws StackError of kind `snapshot` when it is doubted, or a place did not take it; which copies are good, it says */
export function throwUnkept({ manifest, copies }: KeptSnapshot, mode: 'backup' | 'upgrade' = 'backup'): void {
  const failed = copies.filter(({ ok }) => !ok).map(({ place }) => formatPlace(place))
  const good = copies.filter(({ ok }) => ok).map(({ place }) => formatPlace(place))
  const stored = good.length === 0 ? 'It is stored nowhere.' : `${manifest.name} is stored in ${good.join(', ')}.`
  const stands = `The cluster is untouched. ${stored} Nothing older was removed.`
  if (failed.length > 0) {
    const whys = copies.flatMap((copy) => (copy.ok ? [] : [`${formatPlace(copy.place)}: ${copy.why}`]))
    throw new StackError('snapshot', `Not every place took the snapshot. ${whys.join('; ')}`, {
      stands,
      next: `Look at the places that are named, then run mode ${mode} again.`,
    })
  }
  if (manifest.doubt === undefined) return
  throw new StackError('snapshot', `The snapshot is doubted: it holds ${manifest.doubt}.`, {
    stands,
    next: 'Find out what was lost. If it was meant to go, run mode backup once with accept-drop: true.',
  })
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new StackError('bug', 'A step of the backup began before the one it needs.')
  return value
}
