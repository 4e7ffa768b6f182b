import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack } from 'tar-stream'
import { StackError } from '../errors.ts'
import { MANIFEST_FILE, renderManifest } from './manifest.ts'
import { makeSeal, renderSeal } from './seal.ts'
import type { Signer } from './signer.ts'
import type { Manifest, Part, PartRole } from './snapshot.ts'

const BLOCK_BYTES = 512
const CHUNK_BYTES = 256 * 1024

/**
 * A snapshot as one file: a tar of manifest, parts in the manifest's order, and the seal over all of it.
 *
 * @param paths where each part lies
 * @throws StackError of kind `snapshot` when a part is not what the manifest says
 */
export async function* packSnapshot(
  manifest: Manifest,
  paths: Partial<Record<PartRole, string>>,
  signer: Signer,
): AsyncGenerator<Buffer> {
  const tar = pack()
  const text = renderManifest(manifest)
  const sizes = [text.length, ...manifest.parts.map(({ sizeBytes }) => sizeBytes)]
  let left = sizes.reduce((sum, size) => sum + BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES, 0)
  const feeding = feed(tar, text, manifest, paths).catch((error) => tar.destroy(error))
  const digest = createHash('sha256')
  for await (const chunk of tar as AsyncIterable<Buffer>) {
    const body = chunk.subarray(0, left) // what is over is the end of a tar, which the seal brings itself
    left -= body.length
    digest.update(body)
    if (body.length > 0) yield body
  }
  await feeding
  yield await renderSeal(makeSeal(digest.digest('hex'), signer))
}

async function feed(
  tar: Pack,
  text: Buffer,
  { takenAt, parts }: Manifest,
  paths: Partial<Record<PartRole, string>>,
): Promise<void> {
  tar.entry({ name: MANIFEST_FILE, mode: 0o600, mtime: takenAt }, text)
  for (const part of parts) {
    const path = paths[part.role]
    if (path === undefined) throw new Error(`There is no file for part ${part.role}.`)
    await feedPart(tar, part, takenAt, path)
  }
  tar.finalize()
}

async function feedPart(tar: Pack, { file, sizeBytes, sha256 }: Part, mtime: Date, path: string): Promise<void> {
  const entry = tar.entry({ name: file, size: sizeBytes, mode: 0o600, mtime })
  const digest = createHash('sha256')
  const hashing = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      digest.update(chunk)
      yield chunk
    }
  }
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  await pipeline(source, hashing, entry as unknown as NodeJS.WritableStream)
  if (digest.digest('hex') === sha256) return
  throw new StackError('snapshot', `${file} changed while it was packed.`, { next: 'Run mode backup again.' })
}
