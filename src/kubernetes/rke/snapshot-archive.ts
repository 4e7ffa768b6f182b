import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { ZipFile as NewZip } from 'yazl'
import { StackError } from '../../errors.ts'

/** What rke packs beside etcd's snapshot: the state, with every private key. */
const STATE_LIMIT_BYTES = 64 * 1024 * 1024

const etcdEntry = (name: string) => `/backup/${name}`
const stateEntry = (name: string) => `/etc/kubernetes/${name}.rkestate`

/**
 * Takes etcd's snapshot and the state out of rke's archive; each is checked by the archive's own checksum.
 *
 * @param etcdFile path that gets etcd's snapshot, mode 0600
 * @returns the state's text
 * @throws StackError of kind `snapshot` when the archive is damaged or lacks one of them under that name
 */
export async function unpackArchive(file: string, name: string, etcdFile: string): Promise<string> {
  // Names are read as they are: rke's begin with a slash, which a reader of names refuses.
  const zip = await openPromise(file, { lazyEntries: true, decodeStrings: false, autoClose: false }).catch(damaged)
  try {
    const entries = await entriesOf(zip).catch(damaged)
    const etcd = entries.get(etcdEntry(name))
    const state = entries.get(stateEntry(name))
    if (etcd === undefined) throw lacking(`etcd's snapshot ${name}`, entries)
    if (state === undefined) throw lacking("the cluster's state", entries)
    await extract(zip, etcd, etcdFile).catch(damaged)
    return await textOf(zip, state).catch(damaged)
  } finally {
    zip.close()
  }
}

/**
 * Packs an archive as rke's own tool does, with the same names in it.
 *
 * @param etcdFile path of etcd's snapshot
 */
export async function packArchive(file: string, name: string, etcdFile: string, state: string): Promise<void> {
  const zip = new NewZip()
  zip.addFile(etcdFile, 'etcd')
  zip.addBuffer(Buffer.from(state), 'state')
  // yazl writes no name that begins with a slash; the field is its own, and the version is pinned.
  const names = [etcdEntry(name), stateEntry(name)]
  for (const [at, entry] of (zip as unknown as { entries: { utf8FileName: Buffer }[] }).entries.entries()) {
    entry.utf8FileName = Buffer.from(names[at] ?? '')
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(file, { mode: 0o600 }))
}

/** SHA-256 of a file, read as a stream. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName.toString(), entry)
  return entries
}

async function extract(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  const stream = await zip.openReadStreamPromise(entry)
  await pipeline(stream, checksum(entry), createWriteStream(path, { mode: 0o600 }))
}

/** Passes on what it is given; fails at the end when it is not what was packed. The library checks sizes alone. */
function checksum({ crc32: expected }: Entry): Transform {
  let sum = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum)
      done(null, chunk)
    },
    flush(done) {
      done(sum === expected ? null : new Error('an entry does not have the checksum it was packed with'))
    },
  })
}

async function textOf(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > STATE_LIMIT_BYTES) throw new Error(`a state of ${entry.uncompressedSize} bytes`)
  const chunks: Buffer[] = []
  await pipeline(await zip.openReadStreamPromise(entry), checksum(entry), async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk)
  })
  return Buffer.concat(chunks).toString('utf8')
}

function damaged(cause: unknown): never {
  if (cause instanceof StackError) throw cause
  const why = cause instanceof Error ? cause.message : String(cause)
  throw new StackError('snapshot', `rke's archive is damaged: ${why}`, { next: 'Take another snapshot.', cause })
}

function lacking(what: string, entries: Map<string, Entry>): StackError {
  return new StackError('snapshot', `rke's archive lacks ${what}; it holds ${[...entries.keys()].join(', ')}`, {
    next: 'Take another snapshot: this one cannot bring the cluster back.',
  })
}
