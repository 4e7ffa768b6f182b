import { type Refusal, StackError } from '../errors.ts'
import type { TakenSnapshot } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { DestroyRun, RestoreRun, UpgradeRun } from '../run.ts'
import type { SnapshotSettings } from '../settings.ts'
import { readEtcdSnapshot } from '../snapshots/etcd-snapshot.ts'
import { formatPlace } from '../snapshots/places.ts'
import { makeSigner, parseSigner, renderSigner, type Signer } from '../snapshots/signer.ts'
import type { KeptSnapshot, Place, Snapshots } from '../snapshots/snapshot.ts'
import type { Step } from '../steps.ts'
import type { Seen } from './seen.ts'
import { snapshotSource } from './snapshot-source.ts'
import type { Stack } from './stack.ts'
import type { StackCase } from './stack-case.ts'
import { tellKept } from './tell-snapshot.ts'

const MINUTE_MS = 60_000

/** What is left of a cluster before it is given up, and how it is to be saved. */
export type Left = 'members' | 'survivors'

/** What of the cluster is there to be saved before it is given up; of a half restored one it was saved before. */
export function leftOf({ cluster }: Seen, found: StackCase): Left | undefined {
  if (found.kind === 'restoring') return undefined
  if (cluster.etcd.some(({ healthy }) => healthy)) return 'members'
  return found.kind === 'survivors' ? 'survivors' : undefined
}

/**
 * The steps that save what is left. Pure.
 *
 * @param keeps whether it is stored off the nodes
 * @param saves whether it is saved all the same when it is not: because that is what is restored
 */
export function planLeft(
  left: Left | undefined,
  { places, keeps, saves }: { places: Place[]; keeps: boolean; saves: boolean },
): Step[] {
  if (left === undefined || !(keeps || saves)) return []
  const what = left === 'members' ? 'Take a last snapshot of what stands' : 'Save what the survivors know'
  const save: Step = {
    id: 'save-left',
    title: what,
    deadlineMs: 60 * MINUTE_MS,
    needs: [],
    change: { room: 'kubernetes', kind: 'save-left' },
  }
  if (!keeps) return [save]
  const keep: Step = {
    id: 'keep-left',
    title: `Verify it, seal it, and store it in ${places.map(formatPlace).join(', ')}`,
    deadlineMs: 120 * MINUTE_MS,
    needs: ['save-left'],
    change: { room: 'snapshots', kind: 'keep-left' },
  }
  return [save, keep]
}

/** Saves what is left into the run's folder: from a quorum as a backup does, else from whoever survived. */
export async function saveLeft(
  left: Left,
  { settings }: RestoreRun | DestroyRun,
  { distribution, hosts }: Stack,
  lease: Lease,
  signal: AbortSignal,
): Promise<TakenSnapshot> {
  const call = { run: settings.run, judge: readEtcdSnapshot }
  if (left === 'members') return await distribution.takeSnapshot(call, hosts, lease, signal)
  return await distribution.saveSurvivor(call, hosts, lease, signal)
}

/** Of a snapshot of what an older one takes the place of: `latest` is then never what was given up on purpose. */
export const GIVEN_UP = 'what a restore gave up'

/**
 * Verifies, seals and stores off the nodes what was saved, signed with the stack's own key. One copy is enough; that it
 * holds less than the one before is told and no reason to stop: it is all there is.
 *
 * @param doubt why it is not to be the latest one; undefined when it may be
 * @throws StackError of kind `snapshot` when no place took it
 */
export async function keepLeft(
  taken: TakenSnapshot,
  run: RestoreRun | DestroyRun | UpgradeRun,
  { stack, snapshots, seen, lease }: { stack: Stack; snapshots: Snapshots; seen: Seen; lease: Lease },
  signal: AbortSignal,
  doubt?: string,
): Promise<KeptSnapshot> {
  const signer = await signerOf(stack, lease)
  const live = { clusterUid: seen.cluster.uid, caFingerprint: undefined, revision: undefined }
  const keeping = { signer, live, verify: 'hash', acceptDrop: false, ...(doubt !== undefined && { doubt }) } as const
  const kept = await snapshots.keep(snapshotSource(run, seen, taken), keeping, signal)
  tellKept(run.report, kept)
  if (kept.copies.some(({ ok }) => ok)) return kept
  const whys = kept.copies.flatMap((copy) => (copy.ok ? [] : [`${formatPlace(copy.place)}: ${copy.why}`]))
  throw new StackError('snapshot', `No place took the last snapshot. ${whys.join('; ')}`, {
    stands: 'Nothing was given up.',
    next: 'Mend the place, or name another with backup-to; last-snapshot: false goes on without one.',
  })
}

/** What a last snapshot cannot do without, told before anything is touched. */
export async function refuseLeft(
  { places, recipients }: SnapshotSettings,
  { distribution, hosts }: Stack,
  snapshots: Snapshots,
): Promise<Refusal[]> {
  const open = recipients.length === 0 && places.some(({ kind }) => kind === 'artifact')
  const next = 'Give backup-recipients, another place with backup-to, or last-snapshot: false to go on without one.'
  const what =
    'a last snapshot of what stands is kept first, and an artifact is readable by all who may read the repository.'
  const unsealed: Refusal[] = open ? [{ kind: 'input', subject: 'backup-recipients', what, next }] : []
  const [stored, room] = await Promise.all([
    snapshots.preflight({ write: true, remove: false }),
    distribution.refuseSnapshot(hosts),
  ])
  return [...unsealed, ...stored, ...room]
}

/** The stack's own key, made now when it has none. */
export async function signerOf({ distribution, hosts }: Stack, lease: Lease): Promise<Signer> {
  const pem = await distribution.readSigner(hosts)
  if (pem !== undefined) return parseSigner(pem)
  const made = makeSigner()
  await distribution.keepSigner(renderSigner(made), hosts, lease)
  return made
}
