import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Disk } from './disk.ts'
import type { RunOptions } from './runner.ts'

const script = fileURLToPath(new URL('./witness.mjs', import.meta.url))

/**
 * Options under which a run cannot change anything outside RUNNER_TEMP: node's permission model
 * refuses it files and processes, an empty network namespace (as root) has no way out,
 * and what it tries is written down.
 */
export function watched(disk: Disk): RunOptions & { touched(): string[] } {
  const file = join(disk.root, 'witness')
  writeFileSync(file, '')
  const before = filesOf(disk)
  return {
    disk,
    env: {
      WITNESS_FILE: file,
      NODE_OPTIONS: `--permission --allow-fs-read=* --allow-fs-write=${disk.temp} --allow-fs-write=${file} --no-warnings --import=${script}`,
    },
    wrap: process.getuid?.() === 0 ? ['unshare', '--net', '--'] : [],
    touched: () => [
      ...readFileSync(file, 'utf8').split('\n').filter(Boolean),
      ...filesOf(disk).filter((path) => !before.includes(path)),
    ],
  }
}

/** Files on the disk, but for the runner's own. */
function filesOf(disk: Disk): string[] {
  const entries = readdirSync(disk.root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return files.filter((path) => !path.includes('/_runner_file_commands/'))
}
