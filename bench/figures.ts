// Measures what the project weighs, how fast it starts and how much of it is tested, and writes bench/FIGURES.md:
// node bench/figures.ts [--coverage FOLDER] [--log FILE], both of an earlier run.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commitBeside } from '../__tests__/e2e/record.ts'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { codeSection } from './figures/code.ts'
import { coverageSection } from './figures/coverage.ts'
import { logSection } from './figures/log-lines.ts'
import { sizeSection } from './figures/size.ts'
import { startsSection } from './figures/starts.ts'

const root = repositoryFolder.replace(/\/$/, '')
const { values } = parseArgs({ options: { coverage: { type: 'string' }, log: { type: 'string' } } })

const page = [
  '# Weight, start-up and coverage',
  `Written by \`make figures\` on ${new Date().toISOString().slice(0, 10)} from commit ${commitBeside('bench/FIGURES.md')}, with node ${process.version} on ${cpus().length} cores. How long runs take is in [RESULTS.md](RESULTS.md), what snapshots cost in [SNAPSHOTS.md](SNAPSHOTS.md), the mutation score in [MUTATION.md](MUTATION.md).`,
  '## Size of the bundle',
  sizeSection(root),
  '## Start-up by mode, on an input error',
  await startsSection(root),
  '## Lines of code',
  codeSection(root),
  '## Coverage',
  coverageSection(root, values.coverage),
  '## Lines of a log',
  logSection(root, values.log),
]
writeFileSync(join(root, 'bench', 'FIGURES.md'), `${page.join('\n\n')}\n`)
console.log('bench/FIGURES.md: written')
