import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
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
  await mkdir(dirname(path), { recursive: true })
  const folder = await mkdtemp(`${path}.new-`)
  try {
    await progress(title, () => make(`${folder}/it`))
    await rename(`${folder}/it`, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}
