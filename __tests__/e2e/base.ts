import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BUNDLE } from '../../lab/places.ts'
import { OLDER_INPUTS } from '../../lab/settings.ts'
import { repositoryFolder } from '../runner/action-file.ts'
import { output } from './eye/command.ts'
import { clear } from './eye/machines.ts'
import { untilHealthy } from './healthy.ts'
import { minutes } from './minutes.ts'
import { type Stack, stackNamed, succeeds } from './stack.ts'

/** The stack that the life builds and the pool starts from. */
export const base: Stack = stackNamed('ha')

/** Keeps what stands as the stack the pool starts from. */
export async function keepBase(): Promise<void> {
  await lab('save', keptName('base'))
}

/** Keeps what stands as the stack that is yet to be upgraded. */
export async function keepOlder(): Promise<void> {
  await lab('save', keptName('older'))
}

/** A healthy stack with the versions before those of the lab. */
export async function loadOlder(): Promise<void> {
  await loadKept('older', async () => {
    await succeeds(base.install(OLDER_INPUTS))
  })
  await untilHealthy(base, minutes(4))
}

/** A healthy stack in seconds; built, and kept, when it was not yet. */
export async function loadBase(): Promise<Stack> {
  await loadKept('base', async () => {
    await succeeds(base.install())
  })
  await untilHealthy(base, minutes(4))
  return base
}

/** What was kept under a name; made on bare ground, and kept, when it was not yet. */
export async function loadKept(name: string, make: () => Promise<void>): Promise<void> {
  const kept = await output(process.execPath, [labScript, 'saved'])
  if (kept.split('\n').includes(keptName(name))) return lab('load', keptName(name))
  await clear(base.name, base.hostname)
  await make()
  await lab('save', keptName(name))
}

const labScript = join(repositoryFolder, 'lab', 'lab.ts')

async function lab(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [labScript, ...args], { stdio: ['ignore', 2, 2] })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  if (exitCode !== 0) throw new Error(`lab ${args.join(' ')} ended with ${exitCode}`)
}

/** The name says what made it: another bundle or another dist makes another stack. */
function keptName(name: string): string {
  const hash = createHash('sha256')
  const dist = join(repositoryFolder, 'dist')
  for (const file of filesOf(dist)) hash.update(file).update(readFileSync(join(dist, file)))
  for (const file of filesOf(BUNDLE)) hash.update(`${file} ${statSync(join(BUNDLE, file)).size}`)
  return `${name}-${hash.digest('hex').slice(0, 12)}`
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.map((file) => file.slice(folder.length + 1)).sort()
}
