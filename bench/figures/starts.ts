import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inputEnvironment, readActionFile } from '../../__tests__/runner/action-file.ts'
import { type Disk, makeCommandFiles, makeDisk } from '../../__tests__/runner/disk.ts'
import { runnerEnvironment } from '../../__tests__/runner/environment.ts'
import { MODES } from '../../src/settings.ts'
import { median, spread } from '../median.ts'

const RUNS = 15

/** A script with the environment a job gives it. */
type Start = { script: string; env: Record<string, string> }

/** Start-up of the committed bundle in each mode, with an input that is wrong, against an empty script. */
export async function startsSection(root: string): Promise<string> {
  const load = loadavg()[0] ?? 0
  await using disk = await makeDisk()
  const empty = join(disk.root, 'empty.mjs')
  writeFileSync(empty, '')
  const base = await jobOn(disk, root)
  const starts: Start[] = [
    { script: empty, env: base },
    ...MODES.map((mode) => ({ script: join(root, 'dist', 'index.js'), env: { ...base, ...wrong(root, mode) } })),
  ]
  const times = starts.map(() => [] as number[])
  for (let run = 0; run < RUNS; run++) {
    for (const [at, start] of starts.entries()) times[at]?.push(timed(start, disk))
  }

  const [idle = []] = times
  const rows = MODES.map((mode, at) => {
    const [start, ms] = [starts[at + 1], times[at + 1]]
    if (start === undefined || ms === undefined) throw new Error(`${mode} was not started`)
    const ratio = (value: (values: number[]) => number) => (value(ms) / value(idle)).toFixed(2)
    const { files, kB } = loadedBy(start, disk)
    return `| \`${mode}\` | ${spread(ms)} | ${ratio(median)} | ${ratio((all) => Math.min(...all))} | ${files} | ${kB} |`
  })
  return `| Mode | ms: median (least–most) | Ratio of medians | Ratio of the fastest | Files of dist/ loaded | kB |
| --- | --- | --- | --- | --- | --- |
| an empty script | ${spread(idle)} | 1.00 | 1.00 | – | – |
${rows.join('\n')}

From the start of the process to its end, with the environment the scenario tests give it and \`timeout: soon\`, which every mode refuses; all started in turns. Where two modes load the same files, what differs between their times is noise. The load of the machine was ${load.toFixed(1)} when they began: the milliseconds are this machine's in that hour, the ratios say more. An input that takes another package to judge loads more; [RESULTS.md](RESULTS.md) has such, from a quiet machine.`
}

/** What every mode takes and refuses alike. */
function wrong(root: string, mode: string): Record<string, string> {
  return inputEnvironment(readActionFile(root).inputs, { mode, provider: 'local', name: 'bench', timeout: 'soon' })
}

async function jobOn(disk: Disk, root: string): Promise<Record<string, string>> {
  return { ...runnerEnvironment(disk, root, {}), ...(await makeCommandFiles(disk, 'bench')) }
}

/** @throws Error when the bundle does anything but refuse its inputs: then something else would be measured */
function timed({ script, env }: Start, disk: Disk): number {
  const began = performance.now()
  const { status, stdout } = spawnSync(process.execPath, [script], { env, cwd: disk.workspace, encoding: 'utf8' })
  const ms = performance.now() - began
  if (script.endsWith('.mjs') ? status !== 0 : status !== 1 || !/::error.*timeout: .*soon/.test(stdout)) {
    throw new Error(`${script} ended with ${status}: ${stdout}`)
  }
  return ms
}

/** What of dist/ node loads, by node's own hook; not timed. */
function loadedBy({ script, env }: Start, disk: Disk): { files: number; kB: string } {
  const list = join(disk.root, 'loaded')
  writeFileSync(list, '')
  const hook = `import { registerHooks } from 'node:module'
    import { appendFileSync } from 'node:fs'
    registerHooks({ load(url, context, next) {
      if (url.startsWith('file:')) appendFileSync(${JSON.stringify(list)}, url + '\\n')
      return next(url, context)
    } })`
  const options = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` }
  spawnSync(process.execPath, [script], { env: { ...env, ...options }, cwd: disk.workspace })
  const files = [...new Set(readFileSync(list, 'utf8').split('\n'))].filter((url) => url.endsWith('.js'))
  const bytes = files.map((url) => statSync(fileURLToPath(url)).size)
  return { files: files.length, kB: (bytes.reduce((all, each) => all + each, 0) / 1000).toFixed(0) }
}
