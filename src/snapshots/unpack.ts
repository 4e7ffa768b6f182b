import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { StackError } from '../errors.ts'
import { damaged } from './damage.ts'
import { MANIFEST_FILE, MANIFEST_LIMIT_BYTES, parseManifest } from './manifest.ts'
import { isSealed, parseSeal, SEAL_BYTES, type Seal } from './seal.ts'
import type { Manifest, Part, PartRole } from './snapshot.ts'

type Entry = AsyncIterable<Buffer> & { header: { name: string; size: number } }

export type Unpacked = { manifest: Manifest; seal: Seal; files: Partial<Record<PartRole, string>> }

/**
 * Takes a packed snapshot apart. What lies in `folder` before this returned is not to be used.
 *
 * @param folder private, empty, removed by the caller
 * @throws StackError of kind `snapshot` when one byte of it is not as it was packed and sealed
 */
export async function unpackSnapshot(source: AsyncIterable<Buffer>, folder: string): Promise<Unpacked> {
  const tar = extract()
  const body = new BodyAndTail()
  const feeding = pipeline(
    source,
    (chunks: AsyncIterable<Buffer>) => body.split(chunks),
    tar as unknown as NodeJS.WritableStream,
  )
  const reading = readEntries(tar as AsyncIterable<unknown> as AsyncIterable<Entry>, folder)
  const [fed, read] = await Promise.allSettled([feeding, reading.catch((error) => Promise.reject(stop(tar, error)))])
  if (read.status === 'rejected') throw asDamage(read.reason)
  if (fed.status === 'rejected') throw asDamage(fed.reason)

  const seal = await parseSeal(body.tail())
  if (seal === undefined) throw damaged('its seal is missing or broken')
  if (seal.sha256 !== body.sha256()) throw damaged('its content does not have the SHA-256 it was sealed with')
  if (!isSealed(seal)) throw damaged('its signature does not hold')
  return { ...read.value, seal }
}

async function readEntries(
  tar: AsyncIterable<Entry>,
  folder: string,
): Promise<{ manifest: Manifest; files: Unpacked['files'] }> {
  let manifest: Manifest | undefined
  const files: Unpacked['files'] = {}
  let left: Part[] = []
  for await (const entry of tar) {
    const { name, size } = entry.header
    if (manifest === undefined) {
      if (name !== MANIFEST_FILE || size > MANIFEST_LIMIT_BYTES) throw damaged('it does not begin with a manifest')
      manifest = parseManifest(await wholeOf(entry))
      left = manifest.parts
      continue
    }
    const [part, ...others] = left
    if (part === undefined || part.file !== name || part.sizeBytes !== size) {
      throw damaged(
        `${part === undefined ? 'nothing more' : `${part.file} of ${part.sizeBytes} bytes`} was expected, and there is ${name} of ${size} bytes`,
      )
    }
    files[part.role] = await writePart(entry, part, folder)
    left = others
  }
  if (manifest === undefined) throw damaged('it is empty')
  if (left.length > 0) throw damaged(`${left.map(({ file }) => file).join(', ')} is missing`)
  return { manifest, files }
}

async function wholeOf(entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of entry) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function writePart(entry: Entry, { file, sha256 }: Part, folder: string): Promise<string> {
  const path = join(folder, file)
  const digest = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(Readable.from(entry), hashing, createWriteStream(path, { mode: 0o600, flags: 'wx' }))
  if (digest.digest('hex') !== sha256) throw damaged(`${file} is not the one the manifest is about`)
  return path
}

/** The seal has a fixed length: all but so many last bytes are the body it is over. */
class BodyAndTail {
  readonly #digest = createHash('sha256')
  #held = Buffer.alloc(0)

  async *split(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      const known = Buffer.concat([this.#held, chunk])
      const body = known.subarray(0, Math.max(0, known.length - SEAL_BYTES))
      this.#held = known.subarray(body.length)
      this.#digest.update(body)
      if (body.length > 0) yield body
    }
  }

  tail(): Buffer {
    return this.#held
  }

  sha256(): string {
    return this.#digest.digest('hex')
  }
}

function stop(tar: { destroy(error: Error): void }, error: Error): Error {
  tar.destroy(error)
  return error
}

/** Whatever a stream stumbled over, the file is not what it was; trouble of this machine's disk stays what it is. */
function asDamage(thrown: unknown): unknown {
  if (thrown instanceof StackError) return thrown
  const isSystem = thrown instanceof Error && 'syscall' in thrown
  return isSystem ? thrown : damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown)
}
