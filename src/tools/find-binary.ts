import { execFile } from 'node:child_process'
import { access, chmod, constants, copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '../errors.ts'
import type { Bundle } from './bundle.ts'
import { hashFile, verifyFile } from './checksum.ts'
import { downloadRelease, fetchChecksum } from './download.ts'
import { createKeptFiles, type KeptFiles } from './kept-files.ts'
import { besideOf, locateRelease, memberOf, type Release, type Tool } from './release.ts'

/** A tool that was found and checked, and how far it can be trusted. */
export type Binary = {
  /** Puts it into the run's folder, ready to be run. @returns its path */
  unpack: () => Promise<string>
  tool: Tool
  from: 'bundle' | 'tool cache' | 'Actions cache' | 'mirror' | 'release page'
  /** Whose digest it was checked against. */
  checkedBy: 'bundle' | 'source' | 'published file'
}

export type Workshop = {
  /** The run's folder; binaries are unpacked below it. */
  folder: string
  mirror: string | undefined
  /** Folder of the runner's tool cache; undefined: nothing is kept. */
  toolCache: string | undefined
  log: (line: string) => void
}

const run = promisify(execFile)

/** @throws StackError of kind `preflight` when the bundle has no such tool, or another file than it says */
export async function findInBundle({ tools }: Bundle, tool: Tool, { folder }: Workshop): Promise<Binary> {
  const sameName = tools.filter(({ name }) => name === tool.name)
  const entry = sameName.find(({ version, file }) => version === tool.version && file.includes(tool.arch))
  if (entry === undefined) {
    const offered = sameName.map(({ version, file }) => `${version} (${file.split('/').at(-1)})`).join(', ')
    throw new StackError(
      'preflight',
      `airgap-bundle: expected ${tool.name} ${tool.version} for ${tool.arch}, got ${offered || 'none'}.`,
      {
        stands: 'Nothing was changed.',
        next: `Ask for the version the bundle has (${tool.name}-version), or give a bundle that has this one.`,
      },
    )
  }
  await verifyFile(entry.file, entry.sha256, `airgap-bundle, ${tool.name} ${tool.version}`)
  const unpacked = () => unpack(entry.file, memberOf(entry.file, tool.arch), tool, folder)
  return { unpack: unpacked, tool, from: 'bundle', checkedBy: 'bundle' }
}

/** From what is kept, else from the release page or the mirror; in each case checked before it is used. */
export async function findReleased(tool: Tool, shop: Workshop): Promise<Binary> {
  const release = locateRelease(tool, shop.mirror)
  await mkdir(shop.folder, { recursive: true })
  const sha256 = release.sha256 ?? (await fetchChecksum(release, shop.folder))
  const { file, from } = await obtain(tool, release, sha256, shop)
  const unpacked = () => unpack(file, release.member, tool, shop.folder)
  return { unpack: unpacked, tool, from, checkedBy: release.sha256 === undefined ? 'published file' : 'source' }
}

type Obtained = { file: string; from: Binary['from'] }

async function obtain(tool: Tool, release: Release, sha256: string, shop: Workshop): Promise<Obtained> {
  const from = shop.mirror === undefined ? 'release page' : 'mirror'
  if (shop.toolCache === undefined) {
    const file = join(shop.folder, release.file)
    await downloadRelease(release, sha256, file, shop.log)
    return { file, from }
  }
  const kept = createKeptFiles(tool, release, { toolCache: shop.toolCache, sha256, log: shop.log })
  const found = await kept.find()
  if (found !== undefined && (await isGenuine(found, sha256, `the tool cache's ${release.file}`, shop))) {
    return { file: found, from: 'tool cache' }
  }
  if (found !== undefined) await kept.drop()
  return await obtainAnew(kept, release, sha256, shop, from)
}

/** An entry of the Actions cache cannot be replaced, so after a bad one nothing is shared. */
async function obtainAnew(
  kept: KeptFiles,
  release: Release,
  sha256: string,
  shop: Workshop,
  from: Binary['from'],
): Promise<Obtained> {
  const restored = await kept.restore()
  if (restored !== undefined && (await isGenuine(restored, sha256, `the Actions cache's ${release.file}`, shop))) {
    return { file: await kept.keep(restored, { share: false }), from: 'Actions cache' }
  }
  const staged = await kept.stage()
  await downloadRelease(release, sha256, staged, shop.log)
  return { file: await kept.keep(staged, { share: restored === undefined }), from }
}

async function isGenuine(file: string, sha256: string, subject: string, { log }: Workshop): Promise<boolean> {
  const got = await access(file).then(
    () => hashFile(file),
    () => 'nothing',
  )
  if (got !== sha256) log(`${subject} is not the released file (SHA-256 ${got}): thrown away`)
  return got === sha256
}

async function unpack(file: string, member: string | undefined, tool: Tool, folder: string): Promise<string> {
  const into = join(folder, 'tools', `${tool.name}-${tool.version}`)
  await rm(into, { recursive: true, force: true })
  await mkdir(into, { recursive: true, mode: 0o700 })
  if (member !== undefined) {
    await run('tar', ['-xzf', file, '-C', into, member, ...besideOf(file)])
    return join(into, member)
  }
  if (await isExecutable(file)) return file
  const path = join(into, tool.name)
  await copyFile(file, path)
  await chmod(path, 0o755)
  return path
}

async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}
