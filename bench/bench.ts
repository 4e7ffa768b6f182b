// Measures start-up on an input error against an empty Node script, in turns, and writes bench/RESULTS.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

const RUNS = 31
const repository = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'bench-'))

/** One start of node, from spawn to exit, in milliseconds. */
function startMs(script: string, inputs: Record<string, string>): number {
  const state = join(folder, 'state')
  writeFileSync(state, '')
  const env = { PATH: process.env['PATH'], RUNNER_TEMP: folder, GITHUB_STATE: state, ...inputs }
  const began = performance.now()
  spawnSync(process.execPath, [script], { env, cwd: folder })
  return performance.now() - began
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const empty = join(folder, 'empty.mjs')
writeFileSync(empty, '')
const dist = join(repository, 'dist', 'index.js')
const cases = [
  { name: 'an empty script', script: empty, inputs: {} },
  { name: 'an unknown mode', script: dist, inputs: { INPUT_MODE: 'instal' } },
  {
    name: 'an even node-count',
    script: dist,
    inputs: { INPUT_MODE: 'install', INPUT_PROVIDER: 'local', 'INPUT_NODE-COUNT': '4' },
  },
].map((each) => ({ ...each, times: [] as number[] }))

for (let run = 0; run < RUNS; run++) for (const each of cases) each.times.push(startMs(each.script, each.inputs))
rmSync(folder, { recursive: true })

const base = median(cases[0]?.times ?? [])
const rows = cases.map(({ name, times }) => {
  const ms = median(times)
  return `| ${name} | ${ms.toFixed(0)} | ${(ms / base).toFixed(2)} |`
})
const text = `# Figures

Repeat with \`make bench\` on a quiet machine. Medians of ${RUNS} starts of each, in turns, in one run.

Last: ${new Date().toISOString().slice(0, 10)}, node ${process.version}, ${cpus().length} cores.

## Start-up on an input error, against an empty script

| started with | median ms | ratio |
| --- | --- | --- |
${rows.join('\n')}

Aim: under 2 times, and under 100 ms.

Not measured yet: a second install and a first install against the plain commands, and peak memory.
`
writeFileSync(join(repository, 'bench', 'RESULTS.md'), text)
process.stdout.write(text)
