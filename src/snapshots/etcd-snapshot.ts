import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { StackError } from '../errors.ts'
import { Bolt, BrokenBolt } from './bolt.ts'
import type { Contents } from './snapshot.ts'

const SHA256_BYTES = 32
/** A database is whole sectors long; what is over is the digest. */
const SECTOR_BYTES = 512
const REVISION_BYTES = 17
const TOMBSTONE = 't'.charCodeAt(0)

/**
 * Reads an etcd snapshot whole: its own SHA-256, its tree, its keys.
 *
 * @param options `digest` false for the database of a member (`member/snap/db`), which carries none
 * @throws StackError of kind `snapshot` when it is damaged
 * @see https://github.com/etcd-io/etcd (server/etcdserver/api/v3rpc/maintenance.go, Snapshot: the digest is appended)
 */
export async function readEtcdSnapshot(path: string, options = { digest: true }): Promise<Contents> {
  const file = await open(path, 'r').catch((cause) => {
    throw damaged('it cannot be read', cause)
  })
  try {
    const { size } = await file.stat()
    if (options.digest) await checkDigest(path, file, size)
    return { ...(await countKeys(await Bolt.open(file, size - (size % SECTOR_BYTES)))), sizeBytes: size }
  } catch (cause) {
    if (cause instanceof BrokenBolt) throw damaged(cause.message, cause)
    throw cause
  } finally {
    await file.close()
  }
}

/** Which kind of object a key of the API server's is; undefined for keys that are not its. */
export function kindOf(key: string): string | undefined {
  const [empty, registry, first, second] = key.split('/')
  if (empty !== '' || registry !== 'registry' || !first) return undefined
  return first.includes('.') ? `${first}/${second ?? ''}` : first
}

/** How many of the keys are Rancher's own objects. */
export function rancherKeys({ kinds }: Pick<Contents, 'kinds'>): number {
  const own = Object.entries(kinds).filter(([kind]) => kind.split('/')[0]?.endsWith('.cattle.io'))
  return own.reduce((sum, [, count]) => sum + count, 0)
}

async function checkDigest(path: string, file: FileHandle, size: number): Promise<void> {
  if (size % SECTOR_BYTES !== SHA256_BYTES) throw damaged(`${size} bytes are no database with its digest behind it`)
  const expected = Buffer.alloc(SHA256_BYTES)
  await file.read(expected, 0, SHA256_BYTES, size - SHA256_BYTES)
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(path, { end: size - SHA256_BYTES - 1, highWaterMark: 256 * 1024 })) {
    sum.update(chunk as Buffer)
  }
  if (!sum.digest().equals(expected)) throw damaged('its content does not have the SHA-256 etcd gave it')
}

/** Keys that stand: each entry of the bucket is one revision of one key, oldest first, a tombstone among them an end. */
async function countKeys(bolt: Bolt): Promise<Omit<Contents, 'sizeBytes'>> {
  const standing = new Set<number>()
  const kinds: Record<string, number> = {}
  let revision = 0
  for await (const { key: at, value } of bolt.bucket('key')) {
    if (at.length < REVISION_BYTES) throw new BrokenBolt('a revision is too short')
    revision = Math.max(revision, Number(at.readBigUInt64BE(0)))
    const key = keyOf(value)
    const id = shortHash(key)
    const isGone = at[REVISION_BYTES] === TOMBSTONE
    if (isGone ? !standing.delete(id) : standing.has(id)) continue
    if (!isGone) standing.add(id)
    const kind = kindOf(key.toString())
    if (kind !== undefined) kinds[kind] = (kinds[kind] ?? 0) + (isGone ? -1 : 1)
  }
  const present = Object.entries(kinds).filter(([, count]) => count > 0)
  return { revision, keys: standing.size, kinds: Object.fromEntries(present.toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

/** The first field of a KeyValue (etcd, api/mvccpb/kv.proto): its key. */
function keyOf(value: Buffer): Buffer {
  let [length, at, shift] = [0, 1, 0]
  if (value[0] !== 0x0a) throw new BrokenBolt('an entry holds no key')
  for (let byte = 0x80; byte & 0x80; shift += 7, at += 1) {
    byte = value[at] ?? 0
    length += (byte & 0x7f) << shift
  }
  if (at + length > value.length) throw new BrokenBolt('a key goes past its entry')
  return value.subarray(at, at + length)
}

/** 48 bits that stand for a key: a set of the keys themselves would grow with their names. */
function shortHash(key: Buffer): number {
  return Number.parseInt(hash('sha1', key).slice(0, 12), 16)
}

function damaged(why: string, cause?: unknown): StackError {
  return new StackError('snapshot', `The etcd snapshot is damaged: ${why}.`, {
    next: 'Take another snapshot, or another copy of this one.',
    cause,
  })
}
