import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const KINDS = ['lines', 'branches', 'functions'] as const
type Counts = Record<(typeof KINDS)[number], { total: number; covered: number }>
type Results = { numPassedTests: number; numFailedTests: number; startTime: number }

/**
 * What of src/ the unit and contract tests run, by room.
 *
 * @param kept folder of an earlier run's report, `coverage-summary.json` and `results.json`; without it they are run
 */
export function coverageSection(root: string, kept: string | undefined): string {
  const folder = kept ?? join(root, '.out', 'coverage')
  if (kept === undefined) runTests(root, folder)
  const summary = read<Record<string, Counts>>(join(folder, 'coverage-summary.json'))
  const { numPassedTests, numFailedTests, startTime } = read<Results>(join(folder, 'results.json'))
  const begun = new Date(startTime).toISOString().slice(0, 16).replace('T', ' at ')
  const files = Object.entries(summary).filter(([file]) => file !== 'total')
  const rooms = Map.groupBy(files, ([file]) => roomOf(relative(root, file)))
  const rows = [...rooms].sort(([one], [other]) => one.localeCompare(other, 'en'))
  return `| Room | Files | Lines | Branches | Functions |
| --- | --- | --- | --- | --- |
${[['**src/**', files] as const, ...rows].map(([name, found]) => row(name, found)).join('\n')}

By V8's own counting (jest with the provider \`v8\`), of unit and contract tests alone: ${numPassedTests} passed, ${numFailedTests} failed, in a run begun on ${begun} UTC. What only the scenarios, the cloud tests and the lab run counts as not covered here: above all the calls of AWS, which \`make cloud\` tests, and what joins the rooms. How much of what is covered is also seen when it breaks is another question: [MUTATION.md](MUTATION.md).`
}

/** Files beside the rooms are the way into the action and what all rooms share. */
function roomOf(file: string): string {
  const parts = file.split('/')
  return parts.length === 2 ? '`src`, beside' : `\`${parts.slice(0, 2).join('/')}\``
}

function row(name: string, files: [string, Counts][]): string {
  const shares = KINDS.map((kind) => {
    const all = (what: 'total' | 'covered') => files.reduce((sum, [, counts]) => sum + counts[kind][what], 0)
    return all('total') === 0 ? '–' : `${((100 * all('covered')) / all('total')).toFixed(1)} %`
  })
  return `| ${name} | ${files.length} | ${shares.join(' | ')} |`
}

function runTests(root: string, folder: string): void {
  const jest = ['--no-warnings', '--experimental-vm-modules', join('node_modules', 'jest', 'bin', 'jest.js')]
  const projects = ['--selectProjects', 'unit', 'contract', '-w', '1']
  const report = [
    '--coverage',
    '--coverageProvider=v8',
    '--coverageReporters=json-summary',
    `--coverageDirectory=${folder}`,
  ]
  const results = ['--json', `--outputFile=${join(folder, 'results.json')}`]
  const args = ['-n', '19', process.execPath, ...jest, ...projects, ...report, ...results]
  const { error } = spawnSync('nice', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (error !== undefined) throw error
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T
}
