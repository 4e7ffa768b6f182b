import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '../errors.ts'
import type { StackId } from '../node.ts'
import { damaged } from './damage.ts'
import { decrypt, isEncrypted } from './encryption.ts'
import type { Manifest, OpenedSnapshot } from './snapshot.ts'
import { type Unpacked, unpackSnapshot } from './unpack.ts'

/** What a snapshot must be. */
export type Expectation = {
  stack: StackId
  /** As the place names it; undefined for a file that a person named. */
  name: string | undefined
  clusterUid: string | undefined
  /** Public keys it may be signed with; `anybody` when that was said. */
  signers: string[] | 'anybody'
  identities: string[]
}

/**
 * Opens a stored file: decrypts, takes apart, and judges every byte, who signed it, and whose it is.
 *
 * @param path of the file as it is stored
 * @param parent private folder, in which the opened snapshot gets its own
 * @throws StackError of kind `snapshot`; nothing of it is then left
 */
export async function openSnapshot(path: string, parent: string, expected: Expectation): Promise<OpenedSnapshot> {
  await using cleanup = new AsyncDisposableStack()
  const folder = await mkdtemp(join(parent, 'opened-'))
  cleanup.defer(() => rm(folder, { recursive: true, force: true }))
  const digest = createHash('sha256')
  const stored = hashed(createReadStream(path, { highWaterMark: 256 * 1024 }), digest)
  const plain = (await startsEncrypted(path)) ? await decrypt(stored, expected.identities) : stored
  const { manifest, seal, files } = await unpackSnapshot(plain, folder)
  throwUnexpected(manifest, seal, expected)
  const { distribution, state } = files
  if (distribution === undefined || state === undefined) throw damaged('a part is missing')
  const closing = cleanup.move()
  return {
    manifest,
    signer: seal.publicKey,
    sha256: digest.digest('hex'),
    files: { ...files, distribution, state },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

function throwUnexpected(manifest: Manifest, { publicKey }: Unpacked['seal'], expected: Expectation): void {
  const { stack, name, clusterUid, signers } = expected
  if (signers !== 'anybody' && !signers.includes(publicKey)) throw foreignSigner(publicKey, signers)
  if (manifest.stack.name !== stack.name || manifest.stack.owner !== stack.owner) {
    const whose = `"${manifest.stack.name}" of ${manifest.stack.ownerName}`
    throw refused(`it is of stack ${whose}, and this is "${stack.name}" of ${stack.ownerName}`)
  }
  if (name !== undefined && manifest.name !== name) throw refused(`it is stored as ${name}, and is ${manifest.name}`)
  if (clusterUid !== undefined && manifest.clusterUid !== clusterUid) {
    throw refused(`it is of cluster ${manifest.clusterUid}, and ${clusterUid} was expected`)
  }
}

function foreignSigner(publicKey: string, signers: string[]): StackError {
  const known = signers.length === 0 ? 'no signer is known' : `expected ${signers.join(' or ')}`
  return new StackError('snapshot', `The snapshot is signed by ${publicKey}: ${known}.`, {
    stands: 'Nothing was touched.',
    next: 'Set snapshot-signer to what the output snapshot-signer of the backup was; unsigned: true opens it whoever signed it.',
  })
}

function refused(why: string): StackError {
  return new StackError('snapshot', `The snapshot does not fit: ${why}.`, {
    stands: 'Nothing was touched.',
    next: 'Name another snapshot with restore-from.',
  })
}

async function startsEncrypted(path: string): Promise<boolean> {
  await using file = await open(path, 'r')
  const beginning = Buffer.alloc(32)
  await file.read(beginning, 0, beginning.length, 0)
  return isEncrypted(beginning)
}

async function* hashed(
  source: AsyncIterable<Buffer>,
  digest: { update(chunk: Buffer): unknown },
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    digest.update(chunk)
    yield chunk
  }
}
