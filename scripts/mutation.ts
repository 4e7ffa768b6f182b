// Writes bench/MUTATION.md from Stryker's report: the score of each file, and every mutant no test saw.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

type Mutant = {
  mutatorName: string
  replacement?: string
  status: string
  location: { start: { line: number; column: number } }
}
type Report = { files: Record<string, { mutants: Mutant[] }> }

const root = resolve(import.meta.dirname, '..')
const report = JSON.parse(readFileSync(resolve(root, '.out', 'mutation.json'), 'utf8')) as Report
const page = resolve(root, 'bench', 'MUTATION.md')

const KILLED = ['Killed', 'Timeout']
const ALIVE = ['Survived', 'NoCoverage']

const files = Object.entries(report.files).sort(([one], [other]) => one.localeCompare(other, 'en'))
const all = files.flatMap(([, { mutants }]) => mutants)
const rows = files.map(([name, { mutants }]) => `| \`${name}\` | ${score(mutants)} | ${count(mutants, ALIVE)} |`)
const survivors = files.flatMap(([name, { mutants }]) =>
  mutants
    .filter(({ status }) => ALIVE.includes(status))
    .map(({ mutatorName, replacement, location }) => {
      const to = (replacement ?? '').replaceAll(/\s+/g, ' ').slice(0, 80).replaceAll('|', '\\|').replaceAll('`', "'")
      return `| \`${name}:${location.start.line}\` | ${mutatorName} | \`${to}\` |`
    }),
)

writeFileSync(
  page,
  [
    '# Mutation tests of the pure core',
    '',
    'Written by `make mutation`. Each small change of the code (a mutant) is run against the unit tests; one that no test sees is a gap in the tests, or makes no difference.',
    '',
    `${score(all)} of ${count(all, [...KILLED, ...ALIVE])} mutants were seen.`,
    '',
    '| File | Seen | Not seen |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '## Not seen',
    '',
    '| Where | What | Changed to |',
    '| --- | --- | --- |',
    ...survivors,
    '',
  ].join('\n'),
)
console.log(`bench/MUTATION.md: ${score(all)}`)

function score(mutants: Mutant[]): string {
  const judged = count(mutants, [...KILLED, ...ALIVE])
  return judged === 0 ? '–' : `${((100 * count(mutants, KILLED)) / judged).toFixed(1)} %`
}

function count(mutants: Mutant[], statuses: string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length
}
