import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { exists } from './packages.ts'
import { progress } from './progress.ts'

/**
 * Gives a cache entry, and makes it first when it is not there: under another name, and renamed when whole, so that
 * a build that was killed leaves nothing that looks finished.
 *
 * @param path where the entry stands; its name carries the key of its inputs
 * @param make writes the entry (file or folder) to the path it is given
 */
export async function cached(title: string, path: string, make: (path: string) => Promise<void>): Promise<string> {
  if (await exists(path)) return path
  const folder = await beside(path)
  try {
    await progress(title, () => make(`${folder}/it`))
    await rename(`${folder}/it`, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}

/** A new folder next to where a thing will stand; what killed runs left of its kind is removed. The caller holds a lock. */
export async function beside(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  for (const left of await readdir(dirname(path))) {
    if (left.startsWith(`${basename(path)}.new-`)) await rm(join(dirname(path), left), { recursive: true, force: true })
  }
  return mkdtemp(`${path}.new-`)
}
