// Builds the bundle anew and compares it, file by file, with the committed dist/.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const fresh = mkdtempSync(join(tmpdir(), 'dist-'))
try {
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'bundle.ts'), fresh], {
    cwd: root,
    stdio: 'inherit',
  })
  if (build.status !== 0) process.exitCode = 1
  else compare()
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

function compare(): void {
  const [wanted, committed] = [digests(fresh), digests(join(root, 'dist'))]
  const names = new Set([...wanted.keys(), ...committed.keys()])
  const stale = [...names].filter((name) => wanted.get(name) !== committed.get(name)).sort()
  if (stale.length > 0) {
    console.error(`dist/ is not what src/ makes: ${stale.join(', ')}\nRun: make bundle, and commit dist/.`)
    process.exitCode = 1
  } else {
    console.log(`dist/ is what src/ makes (${committed.size} files)`)
  }
}

/** SHA-256 of each file below a folder, by relative path. */
function digests(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  )
}
