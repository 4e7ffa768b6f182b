import type { FileHandle } from 'node:fs/promises'

/** @see https://github.com/etcd-io/bbolt (internal/common/page.go, meta.go): little-endian, pages of one size */
const MAGIC = 0xed0cdaed
const VERSION = 2
const BRANCH = 0x01
const LEAF = 0x02
const PAGE_HEADER = 16
const ELEMENT = 16
const META_BYTES = 64
const IS_BUCKET = 0x01
/** More levels than a tree of 2^64 pages has; what goes deeper goes round. */
const MAX_DEPTH = 64

/** A leaf's entry. The value is a view on the page: it is to be read before the next entry is asked for. */
export type Entry = { key: Buffer; value: Buffer; isBucket: boolean }

/** Why a file is no whole database. */
export class BrokenBolt extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'BrokenBolt'
  }
}

/** A bbolt database, read page by page: memory does not grow with the file. */
export class Bolt {
  readonly #file: FileHandle
  readonly #sizeBytes: number
  readonly #meta: Meta

  private constructor(file: FileHandle, sizeBytes: number, meta: Meta) {
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#meta = meta
  }

  /** @param sizeBytes of the database in the file. @throws BrokenBolt when neither of its two meta pages is sound */
  static async open(file: FileHandle, sizeBytes: number): Promise<Bolt> {
    const first = await metaAt(file, 0)
    const sizes = first === undefined ? PAGE_SIZES : [first.pageSize]
    const seconds = await Promise.all(sizes.map((size) => metaAt(file, size)))
    const metas = [first, ...seconds].filter((meta) => meta !== undefined)
    const meta = metas.toSorted((a, b) => (a.txid < b.txid ? 1 : -1))[0]
    if (meta === undefined) throw new BrokenBolt('neither meta page is sound')
    if (meta.pages * meta.pageSize > sizeBytes) {
      throw new BrokenBolt(`expected ${meta.pages} pages of ${meta.pageSize} bytes, got ${sizeBytes} bytes`)
    }
    return new Bolt(file, sizeBytes, meta)
  }

  /** The entries of a bucket at the top, in order; none when there is no such bucket. @throws BrokenBolt */
  async *bucket(name: string): AsyncGenerator<Entry> {
    for await (const { key, value, isBucket } of this.#walk(this.#meta.root, 0)) {
      if (!isBucket || key.toString() !== name) continue
      if (value.length < PAGE_HEADER) throw new BrokenBolt(`bucket ${name} has no header`)
      const root = Number(value.readBigUInt64LE(0))
      if (root === 0) yield* entriesOf(value.subarray(PAGE_HEADER), name)
      else yield* this.#walk(root, 0)
      return
    }
  }

  async *#walk(id: number, depth: number): AsyncGenerator<Entry> {
    if (depth > MAX_DEPTH) throw new BrokenBolt(`page ${id} is reached in a circle`)
    const page = await this.#page(id)
    const flags = page.readUInt16LE(8)
    if (flags & LEAF) yield* entriesOf(page, `page ${id}`)
    else if (flags & BRANCH) for (const child of childrenOf(page, id)) yield* this.#walk(child, depth + 1)
    else throw new BrokenBolt(`page ${id} is neither branch nor leaf`)
  }

  async #page(id: number): Promise<Buffer> {
    const { pageSize, pages } = this.#meta
    const start = id * pageSize
    if (id < 2 || id >= pages || start + pageSize > this.#sizeBytes) throw new BrokenBolt(`there is no page ${id}`)
    const page = await readAt(this.#file, start, pageSize)
    if (Number(page.readBigUInt64LE(0)) !== id) throw new BrokenBolt(`page ${id} is another one`)
    const overflow = page.readUInt32LE(12)
    if (overflow === 0) return page
    if (id + overflow >= pages) throw new BrokenBolt(`page ${id} goes past the end`)
    return Buffer.concat([page, await readAt(this.#file, start + pageSize, overflow * pageSize)])
  }
}

type Meta = { pageSize: number; root: number; pages: number; txid: bigint }

const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536]

async function metaAt(file: FileHandle, offset: number): Promise<Meta | undefined> {
  const bytes = Buffer.alloc(PAGE_HEADER + META_BYTES)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, offset)
  const meta = bytes.subarray(PAGE_HEADER)
  if (bytesRead < bytes.length || meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return undefined
  if (meta.readBigUInt64LE(56) !== fnv1a(meta.subarray(0, 56))) return undefined
  const pageSize = meta.readUInt32LE(8)
  if (!PAGE_SIZES.includes(pageSize)) return undefined
  const [root, pages] = [meta.readBigUInt64LE(16), meta.readBigUInt64LE(40)]
  return { pageSize, root: Number(root), pages: Number(pages), txid: meta.readBigUInt64LE(48) }
}

/** FNV-1a, 64 bits: what bbolt sums its meta pages with. */
function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

function* entriesOf(page: Buffer, where: string): Generator<Entry> {
  for (const at of elements(page, where)) {
    const [flags, position] = [page.readUInt32LE(at), page.readUInt32LE(at + 4)]
    const [keyBytes, valueBytes] = [page.readUInt32LE(at + 8), page.readUInt32LE(at + 12)]
    const [start, middle, end] = [at + position, at + position + keyBytes, at + position + keyBytes + valueBytes]
    if (end > page.length) throw new BrokenBolt(`an entry of ${where} goes past its end`)
    const isBucket = (flags & IS_BUCKET) !== 0
    yield { key: page.subarray(start, middle), value: page.subarray(middle, end), isBucket }
  }
}

function* childrenOf(page: Buffer, id: number): Generator<number> {
  for (const at of elements(page, `page ${id}`)) yield Number(page.readBigUInt64LE(at + 8))
}

function* elements(page: Buffer, where: string): Generator<number> {
  const count = page.length < PAGE_HEADER ? Number.POSITIVE_INFINITY : page.readUInt16LE(10)
  if (PAGE_HEADER + count * ELEMENT > page.length) throw new BrokenBolt(`${where} has more entries than room`)
  for (let index = 0; index < count; index += 1) yield PAGE_HEADER + index * ELEMENT
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(bytes, 0, length, offset)
  if (bytesRead < length) throw new BrokenBolt(`the file ends at byte ${offset + bytesRead}`)
  return bytes
}
