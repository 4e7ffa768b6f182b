import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'
import { median } from './median.ts'
import { writeSection } from './results.ts'

const RUNS = 31

type Start = { name: string; script: string; inputs: Record<string, string> }

/**
 * Start-up on an input error against an empty script, each a process as the runner starts one.
 *
 * @param dist folder of the bundle to measure
 */
export async function benchStartup(dist = join(repositoryFolder, 'dist')): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '')
  const index = join(dist, 'index.js')
  const install = { INPUT_MODE: 'install', INPUT_PROVIDER: 'local' }
  const starts: Start[] = [
    { name: 'an empty script', script: empty, inputs: {} },
    { name: 'an unknown mode', script: index, inputs: { INPUT_MODE: 'instal' } },
    { name: 'an even node-count', script: index, inputs: { ...install, 'INPUT_NODE-COUNT': '4' } },
    { name: 'YAML that cannot be read', script: index, inputs: { ...install, 'INPUT_HELM-VALUES': 'a: [' } },
  ]
  const times = starts.map(() => [] as number[])
  for (let run = 0; run < RUNS; run++) {
    for (const [at, start] of starts.entries()) times[at]?.push(startMs(start, folder))
  }
  rmSync(folder, { recursive: true })

  const base = median(times[0] ?? [])
  const rows = starts.map(({ name }, at) => {
    const ms = median(times[at] ?? [])
    return `| ${name} | ${ms.toFixed(0)} | ${(ms / base).toFixed(2)} |`
  })
  writeSection(
    'startup',
    `| started with | median ms | ratio |
| --- | --- | --- |
${rows.join('\n')}

From the start of the process to its end; ${RUNS} starts of each, in turns. Aim: under 2 times, and under 100 ms.
Repeat: \`make bench\`.`,
  )
}

/** One start of node, from spawn to exit, in milliseconds. */
function startMs({ script, inputs }: Start, folder: string): number {
  const state = join(folder, 'state')
  writeFileSync(state, '')
  const env = { PATH: process.env['PATH'], RUNNER_TEMP: folder, GITHUB_STATE: state, ...inputs }
  const began = performance.now()
  spawnSync(process.execPath, [script], { env, cwd: folder })
  return performance.now() - began
}
