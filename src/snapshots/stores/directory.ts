import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StackError } from '../../errors.ts'
import type { Place } from '../snapshot.ts'
import type { Packed, Store, Stored } from './store.ts'

/** Begins the name of a file that is not whole yet. */
const UNFINISHED = '.rancher-ha-'
/** What a writer that died left is swept after so long. */
const LEFT_MS = 86_400_000
const CHUNK_BYTES = 256 * 1024

/** A folder of this machine, or of a file system that is mounted on it. */
export function directoryStore(place: Place & { kind: 'file' }): Store {
  const folder = resolve(place.folder)
  return {
    place,
    async preflight({ write }) {
      try {
        if (write) await mkdir(folder, { recursive: true, mode: 0o700 })
        await access(folder, constants.R_OK | constants.X_OK | (write ? constants.W_OK : 0))
        return []
      } catch (error) {
        const what = `file:${place.folder} cannot be ${write ? 'written' : 'read'}: ${(error as Error).message}.`
        return [{ kind: 'snapshot', subject: 'backup-to', what, next: 'Name a folder this runner may use.' }]
      }
    },

    async list() {
      const names = await said(place, readdir(folder))
      const files = names.filter((name) => !name.startsWith('.'))
      return await Promise.all(files.map((file) => describe(folder, file)))
    },

    async put(packed, signal) {
      const path = join(folder, packed.file)
      await said(place, write(folder, path, packed, signal))
      return { ref: path, url: undefined }
    },

    async fetch(ref) {
      await said(place, access(ref, constants.R_OK))
      return ref
    },

    async remove(ref) {
      await said(place, rm(ref, { force: true }))
    },
  }
}

async function describe(folder: string, file: string): Promise<Stored> {
  const ref = join(folder, file)
  return { file, ref, sizeBytes: (await stat(ref)).size }
}

/** Written under another name, synced, and linked to its own: which fails when that one is there. */
async function write(folder: string, path: string, packed: Packed, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await sweep(folder)
  const unfinished = join(folder, `${UNFINISHED}${packed.file}`)
  try {
    await copy(packed, unfinished, signal)
    await link(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
  await using entry = await open(folder)
  await entry.sync()
}

async function copy({ path, sha256, file }: Packed, to: string, signal: AbortSignal): Promise<void> {
  const digest = createHash('sha256')
  await rm(to, { force: true })
  await using written = await open(to, 'wx', 0o600)
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) {
    await written.writeFile(chunk)
  }
  await written.sync()
  for await (const chunk of createReadStream(to, { highWaterMark: CHUNK_BYTES, signal })) digest.update(chunk)
  if (digest.digest('hex') !== sha256) throw new Error(`${file} came back with another SHA-256`)
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(UNFINISHED)) continue
    const path = join(folder, name)
    if (Date.now() - (await stat(path)).mtimeMs > LEFT_MS) await rm(path, { force: true })
  }
}

async function said<T>(place: Place & { kind: 'file' }, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw new StackError('snapshot', `file:${place.folder}: ${(cause as Error).message}`, {
      next: 'Look at the folder: its disk, its permissions.',
      cause,
    })
  }
}
