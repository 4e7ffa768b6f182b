import { mkdtempSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The runner's disk: what a hosted runner is born with and what dies with it. */
export type Disk = AsyncDisposable & {
  root: string
  workspace: string
  temp: string
  toolCache: string
  home: string
}

/** A fresh disk with empty folders. Its path is short, because sockets of SSH live below `temp`. */
export async function makeDisk(): Promise<Disk> {
  const root = mkdtempSync(join(tmpdir(), 'runner-'))
  const disk = {
    root,
    workspace: join(root, 'work'),
    temp: join(root, 'temp'),
    toolCache: join(root, 'tools'),
    home: join(root, 'home'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
  await Promise.all([disk.workspace, disk.temp, disk.toolCache, disk.home].map((folder) => mkdir(folder)))
  await mkdir(join(disk.temp, '_github_workflow'))
  await writeFile(join(disk.temp, '_github_workflow', 'event.json'), '{}')
  return disk
}

const commandFiles = ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'] as const

export type CommandFiles = Record<(typeof commandFiles)[number], string>

/** The files a step writes its results to: there and empty before it starts, as the toolkit demands. */
export async function makeCommandFiles(disk: Disk, step: string): Promise<CommandFiles> {
  const folder = join(disk.temp, '_runner_file_commands')
  await mkdir(folder, { recursive: true })
  const paths = commandFiles.map((name) => [name, join(folder, `${name.toLowerCase()}_${step}`)] as const)
  await Promise.all(paths.map(([, path]) => writeFile(path, '')))
  return Object.fromEntries(paths) as CommandFiles
}
