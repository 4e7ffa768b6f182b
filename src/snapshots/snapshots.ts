import { mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asStackError, StackError } from '../errors.ts'
import type { StackId } from '../node.ts'
import type { SnapshotSettings } from '../settings.ts'
import { refuseRecipients } from './encryption.ts'
import { keepSnapshot } from './keep.ts'
import { parseFileName } from './names.ts'
import { openSnapshot } from './open.ts'
import { formatPlace } from './places.ts'
import { byAge, expired } from './retention.ts'
import type { ListedSnapshot, Place, Snapshots, Wish } from './snapshot.ts'
import { openStore } from './stores/open-store.ts'
import type { Store } from './stores/store.ts'
import { type EtcdTools, tryRestore } from './trial.ts'

export type SnapshotsOptions = {
  stack: StackId
  settings: SnapshotSettings
  /** The programs a trial restore needs; asked for only then. */
  etcd: () => Promise<EtcdTools>
  /** The run's private folder (mode 0700). */
  folder: string
  log: (line: string) => void
  now?: () => Date
}

/** The snapshots of a stack in the places the settings name. */
export function createSnapshots({
  stack,
  settings,
  etcd,
  folder,
  log,
  now = () => new Date(),
}: SnapshotsOptions): Snapshots {
  const storeOf = (place: Place) =>
    openStore(place, {
      repository: stack.ownerName,
      token: settings.githubToken,
      retentionDays: settings.retentionDays,
    })
  const stores = settings.places.map(storeOf)
  const listIn = (store: Store, signal: AbortSignal) => listStore(store, stack, signal)

  return {
    async preflight(needs) {
      const refusals = await Promise.all(stores.map((store) => store.preflight(needs)))
      return [...(needs.write ? await refuseRecipients(settings.recipients) : []), ...refusals.flat()]
    },

    async keep(source, keeping, signal) {
      const work = await mkdtemp(join(folder, 'kept-'))
      try {
        const found = await Promise.allSettled(stores.map((store) => listIn(store, signal)))
        for (const one of found)
          if (one.status === 'rejected') log(`Not compared with: ${asStackError(one.reason).message}`)
        const listed = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])).toSorted(byAge)
        return await keepSnapshot(
          source,
          keeping,
          {
            stores,
            listed,
            recipients: settings.recipients,
            tryRestore: async (file, contents, stop) =>
              tryRestore(file, contents, { tools: await etcd(), folder: work, signal: stop }),
            folder: work,
          },
          signal,
        )
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    },

    async list(signal) {
      return (await Promise.all(stores.map((store) => listIn(store, signal)))).flat().toSorted(byAge)
    },

    async open(wish, signers, signal) {
      const work = await mkdtemp(join(folder, 'fetched-'))
      try {
        const { store, ref, name } = await locate(wish, { stores, storeOf, stack, signal })
        log(`Opening ${name ?? ref} from ${formatPlace(store.place)}`)
        const path = await store.fetch(ref, work, signal)
        return await openSnapshot(path, folder, {
          stack,
          name,
          clusterUid: wish.kind === 'latest' ? wish.clusterUid : undefined,
          signers: settings.unsigned ? 'anybody' : [...settings.signers, ...signers],
          identities: settings.identities,
        })
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    },

    async prune({ manifest }, retention, signal) {
      const current = { ...manifest, doubted: manifest.doubt !== undefined }
      const removed: ListedSnapshot[] = []
      const problems: string[] = []
      for (const store of stores) {
        try {
          for (const old of expired(await listIn(store, signal), current, retention, now())) {
            await store.remove(old.ref, signal)
            removed.push(old)
          }
        } catch (thrown) {
          signal.throwIfAborted()
          problems.push(asStackError(thrown).message)
        }
      }
      return { removed, problems }
    },
  }
}

async function listStore(store: Store, stack: StackId, signal: AbortSignal): Promise<ListedSnapshot[]> {
  const stored = await store.list(signal)
  return stored.flatMap(({ file, ref, sizeBytes }) => {
    const named = parseFileName(file)
    return named?.stack === stack.name ? [{ ...named, place: store.place, ref, sizeBytes }] : []
  })
}

type Located = { store: Store; ref: string; name: string | undefined }
type Where = { stores: Store[]; storeOf: (place: Place) => Store; stack: StackId; signal: AbortSignal }

async function locate(wish: Wish, { stores, storeOf, stack, signal }: Where): Promise<Located> {
  if (wish.kind === 'file') {
    return { store: storeOf({ kind: 'file', folder: dirname(wish.path) }), ref: wish.path, name: undefined }
  }
  if (wish.kind === 's3') {
    const prefix = dirname(wish.key) === '.' ? '' : dirname(wish.key)
    const name = parseFileName(basename(wish.key))?.name
    return { store: storeOf({ kind: 's3', bucket: wish.bucket, prefix }), ref: wish.key, name }
  }
  const searched = wish.kind === 'artifact' ? [storeOf({ kind: 'artifact' })] : stores
  const lists = await Promise.all(
    searched.map(async (store) => ({ store, listed: await listStore(store, stack, signal) })),
  )
  const found = lists
    .flatMap(({ store, listed }) => listed.map((snapshot) => ({ store, snapshot })))
    .filter(({ snapshot }) => isWished(snapshot, wish))
    .toSorted((one, other) => byAge(one.snapshot, other.snapshot))[0]
  if (found !== undefined) return { store: found.store, ref: found.snapshot.ref, name: found.snapshot.name }
  const places = searched.map(({ place }) => formatPlace(place)).join(', ')
  const what = wish.kind === 'latest' ? `no sound snapshot of stack "${stack.name}"` : `no snapshot ${wish.name}`
  throw new StackError('snapshot', `There is ${what} in ${places}.`, {
    stands: 'Nothing was touched.',
    next: 'Name the place with backup-to, or the snapshot with restore-from.',
  })
}

function isWished(snapshot: ListedSnapshot, wish: Exclude<Wish, { kind: 'file' | 's3' }>): boolean {
  if (wish.kind !== 'latest') return snapshot.name === wish.name
  return !snapshot.doubted && (wish.clusterUid === undefined || snapshot.clusterUid === wish.clusterUid)
}
