import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { asStackError, StackError } from '../errors.ts'
import { encrypt } from './encryption.ts'
import { rancherKeys, readEtcdSnapshot } from './etcd-snapshot.ts'
import { doubtOf, previousOf, throwStrange } from './judge.ts'
import { fileName, renderName } from './names.ts'
import { packSnapshot } from './pack.ts'
import { renderSigner } from './signer.ts'
import type {
  Contents,
  Copy,
  Keeping,
  KeptSnapshot,
  ListedSnapshot,
  Manifest,
  Part,
  PartRole,
  Source,
} from './snapshot.ts'
import type { Packed, Store } from './stores/store.ts'

export type KeepOptions = {
  stores: Store[]
  /** Those that are there already, newest first. */
  listed: ListedSnapshot[]
  recipients: string[]
  /** Restores the etcd snapshot into a scratch etcd. @returns how long it took, in milliseconds */
  tryRestore: (etcdFile: string, contents: Contents, signal: AbortSignal) => Promise<number>
  /** Private, empty, removed by the caller. */
  folder: string
}

/** Verifies a snapshot, makes one file of it, and stores that in every place. */
export async function keepSnapshot(
  source: Source,
  { signer, live, verify, acceptDrop, doubt: given }: Keeping,
  { stores, listed, recipients, tryRestore, folder }: KeepOptions,
  signal: AbortSignal,
): Promise<KeptSnapshot> {
  const contents = await readEtcdSnapshot(source.etcdFile)
  throwStrange(source, contents, live)
  const previous = previousOf(listed, source.clusterUid)
  const doubt = given ?? (acceptDrop ? undefined : doubtOf(contents, previous))
  const restoredInMs = verify === 'restore' ? await tryRestore(source.etcdFile, contents, signal) : undefined

  const paths = await writeParts(source, renderSigner(signer), folder).catch(unwritten)
  const manifest = manifestOf(source, contents, await describeParts(paths, source), { verify, doubt })
  const packed = await packInto(folder, packSnapshot(manifest, paths, signer), manifest, recipients)
  const copies = await Promise.all(stores.map((store) => copyTo(store, packed, signal)))
  const { sizeBytes, sha256 } = packed
  return { manifest, copies, sizeBytes, sha256, signer: signer.publicKey, previous, restoredInMs }
}

type Paths = Partial<Record<PartRole, string>> & { distribution: string }

async function writeParts({ file, state, values }: Source, signerPem: string, folder: string): Promise<Paths> {
  const written = {
    state: [join(folder, 'cluster.state'), state],
    values: [join(folder, 'rancher-values.json'), values && `${JSON.stringify(values, null, 2)}\n`],
    signer: [join(folder, 'signer.pem'), signerPem],
  } as const
  const paths: Paths = { distribution: file }
  for (const [role, [path, text]] of Object.entries(written)) {
    if (text === undefined) continue
    await writeFile(path, text, { mode: 0o600 })
    paths[role as PartRole] = path
  }
  return paths
}

/** The distribution's file was hashed on its way here; that it is still the same is seen while it is packed. */
async function describeParts(paths: Paths, { file, fileSha256 }: Source): Promise<Part[]> {
  return await Promise.all(
    Object.entries(paths).map(async ([role, path]) => ({
      role: role as PartRole,
      file: basename(path),
      sizeBytes: (await stat(path)).size,
      sha256: path === file ? fileSha256 : await hashOf(path),
    })),
  )
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path)) digest.update(chunk)
  return digest.digest('hex')
}

function manifestOf(
  source: Source,
  etcd: Contents,
  parts: Part[],
  { verify, doubt }: { verify: Manifest['verified']; doubt: string | undefined },
): Manifest {
  const { file, fileSha256, etcdFile, state, values, ...told } = source
  const name = renderName({
    stack: source.stack.name,
    clusterUid: source.clusterUid,
    takenAt: source.takenAt,
    run: `${source.run.id}-${source.run.attempt}`,
    keys: etcd.keys,
    rancherKeys: rancherKeys(etcd),
    doubted: doubt !== undefined,
  })
  return { format: 1, name, ...told, etcd, verified: verify, doubt, parts }
}

/** Written once, as it will be stored: plain only when there is nobody to encrypt to. */
async function packInto(
  folder: string,
  plain: AsyncIterable<Buffer>,
  manifest: Manifest,
  recipients: string[],
): Promise<Packed> {
  const file = fileName(manifest, recipients.length > 0)
  const path = join(folder, file)
  const digest = createHash('sha256')
  let sizeBytes = 0
  const stored = recipients.length > 0 ? await encrypt(plain, recipients) : plain
  const counted = async function* () {
    for await (const chunk of stored) {
      digest.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  await pipeline(counted, createWriteStream(path, { mode: 0o600 })).catch(unwritten)
  return { path, file, sizeBytes, sha256: digest.digest('hex') }
}

/** Trouble of this machine's disk is its owner's to mend; what is not, stays what it is. */
function unwritten(cause: Error): never {
  if (!('syscall' in cause)) throw cause
  throw new StackError('snapshot', `The snapshot could not be written on this machine: ${cause.message}`, {
    stands: 'The cluster is untouched; the snapshot was not kept.',
    next: 'Give this machine more room in its temp folder: twice what a snapshot takes. Then run again.',
    cause,
  })
}

async function copyTo(store: Store, packed: Packed, signal: AbortSignal): Promise<Copy> {
  const { place } = store
  try {
    return { place, ok: true, ...(await store.put(packed, signal)) }
  } catch (thrown) {
    signal.throwIfAborted()
    return { place, ok: false, why: asStackError(thrown).message }
  }
}
