import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFolder } from '../runner/action-file.ts'

/** How the last run of a case went. */
export type Row = { name: string; result: 'passed' | 'failed'; seconds: number; date: string; commit: string }

/** The committed table of what was seen, and when. */
export const recordFile = join(repositoryFolder, 'docs', 'soak.md')

const HEAD = `# Every end-to-end case, as it was last seen

Written by \`make soak\` and by \`RECORD=1 make e2e ONLY=...\`; a case that is not here has not been run to its end yet.
The commit is the one the run started from; a \`+\` behind it says that the checkout held changes that were not committed.
A soak that was ended goes on: what has passed on the \`dist/\` of now is not run again, unless with \`make soak SOAK=all\`.

| case | result | seconds | date | commit |
|---|---|---|---|---|
`

export function parseRecord(text: string): Row[] {
  return [...text.matchAll(/^\| (.+?) \| \**(passed|failed)\** \| (\d+) \| (\S+) \| (\S+) \|$/gm)].map(
    ([, name = '', result, seconds, date = '', commit = '']) => ({
      name,
      result: result === 'passed' ? 'passed' : 'failed',
      seconds: Number(seconds),
      date,
      commit,
    }),
  )
}

/** The table with one row a case, by name; a new row takes the place of the old one of its case. */
export function renderRecord(rows: Row[]): string {
  const byName = new Map(rows.map((row) => [row.name, row]))
  const sorted = [...byName.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  return `${HEAD}${sorted.map(renderRow).join('\n')}\n`
}

function renderRow({ name, result, seconds, date, commit }: Row): string {
  return `| ${name} | ${result === 'passed' ? result : `**${result}**`} | ${seconds} | ${date} | ${commit} |`
}

export function readRecord(): Row[] {
  return existsSync(recordFile) ? parseRecord(readFileSync(recordFile, 'utf8')) : []
}

/** Notes how a case went, when the run was asked to (`RECORD=1`). */
export function record(name: string, passed: boolean, seconds: number): void {
  if (process.env['RECORD'] === undefined) return
  const row: Row = {
    name,
    result: passed ? 'passed' : 'failed',
    seconds,
    date: new Date().toISOString().slice(0, 10),
    commit: commitBeside('docs/soak.md'),
  }
  writeFileSync(recordFile, renderRecord([...readRecord(), row]))
}

/** The cases whose last run passed with all committed, on a bundle that is the one of now. */
export function passedOn(
  bundle: string | undefined,
  rows: Row[],
  bundleOf: (commit: string) => string | undefined,
): Set<string> {
  if (bundle === undefined) return new Set()
  const commits = [...new Set(rows.map(({ commit }) => commit))]
  const current = new Set(commits.filter((commit) => !commit.endsWith('+') && bundleOf(commit) === bundle))
  return new Set(
    rows.filter(({ result, commit }) => result === 'passed' && current.has(commit)).map(({ name }) => name),
  )
}

/** Names what `dist/` held at a commit; nothing, when this clone does not have the commit. */
export function bundleAt(commit: string, clone = repositoryFolder): string | undefined {
  try {
    return gitIn(clone, 'rev-parse', '--verify', '--quiet', `${commit}:dist`)
  } catch {
    return undefined
  }
}

/** Names what `dist/` holds now; nothing, when that is not committed. */
export function bundleNow(): string | undefined {
  return git('status', '--porcelain', '--', 'dist') === '' ? bundleAt('HEAD') : undefined
}

/**
 * The commit the checkout stands at; with a `+` when it holds changes that are not committed.
 *
 * @param page what is being written, from the root of the repository: its own change is none
 */
export function commitBeside(page: string): string {
  const changed = git('status', '--porcelain', '--', `:!${page}`) !== ''
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`
}

const git = (...args: string[]) => gitIn(repositoryFolder, ...args)

/** @throws Error when git does */
export function gitIn(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim()
}
