import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorText } from './error-text.ts'
import type { Release, Tool } from './release.ts'

/** Where released files are kept from run to run. What comes out of it is not to be trusted before it was hashed. */
export type KeptFiles = {
  /** On this runner. */
  find(): Promise<string | undefined>
  /** From another runner, by the Actions cache. */
  restore(): Promise<string | undefined>
  /** Where to put a download so that `keep` can share it. */
  stage(): Promise<string>
  /** Keeps a staged or restored file here and, when it is new, for other runners. @returns its new place */
  keep(file: string, options: { share: boolean }): Promise<string>
  /** Forgets what is kept here. */
  drop(): Promise<void>
}

/** @param toolCache the runner's tool cache, which @actions/tool-cache finds by itself */
export function createKeptFiles(
  { name, version, arch }: Tool,
  { file }: Release,
  { toolCache, sha256, log }: { toolCache: string; sha256: string; log: (line: string) => void },
): KeptFiles {
  const tool = `rancher-ha-${name}`
  const key = `${tool}-${version}-linux-${arch}-${sha256.slice(0, 16)}`
  // The Actions cache knows an entry by its paths too: the same on every runner of a kind, unlike a run's own folder.
  const staged = join(toolCache, 'rancher-ha-staged', key)

  return {
    async find() {
      const { find } = await import('@actions/tool-cache')
      const folder = find(tool, version, arch)
      return folder === '' ? undefined : join(folder, file)
    },
    async restore() {
      const cache = await import('@actions/cache')
      if (!cache.isFeatureAvailable()) return undefined
      await rm(staged, { recursive: true, force: true })
      try {
        return (await cache.restoreCache([staged], key)) === undefined ? undefined : join(staged, file)
      } catch (error) {
        log(`The Actions cache was passed by: ${errorText(error)}`)
        return undefined
      }
    },
    async stage() {
      await rm(staged, { recursive: true, force: true })
      await mkdir(staged, { recursive: true })
      return join(staged, file)
    },
    async keep(path, { share }) {
      const { cacheFile } = await import('@actions/tool-cache')
      const folder = await cacheFile(path, file, tool, version, arch)
      if (share) await shareAcrossRunners(staged, key, log)
      await rm(staged, { recursive: true, force: true })
      return join(folder, file)
    },
    async drop() {
      const { find } = await import('@actions/tool-cache')
      const folder = find(tool, version, arch)
      if (folder === '') return
      await rm(folder, { recursive: true, force: true })
      await rm(`${folder}.complete`, { force: true })
    },
  }
}

async function shareAcrossRunners(staged: string, key: string, log: (line: string) => void): Promise<void> {
  const cache = await import('@actions/cache')
  if (!cache.isFeatureAvailable()) return
  try {
    await cache.saveCache([staged], key)
  } catch (error) {
    log(`The Actions cache did not take ${key}: ${errorText(error)}`)
  }
}
