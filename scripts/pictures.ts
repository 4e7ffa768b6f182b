// Draws docs/pictures from the recorded run beside them. `--record LOG` takes a log of the harness (.out/runs) as the
// run to draw; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { drawArchitecture, stackIn } from './pictures/architecture.ts'
import { drawRun } from './pictures/run.ts'
import { THEMES } from './pictures/theme.ts'
import { fold, parseRecording, renderRecording } from './recording.ts'

const folder = resolve(import.meta.dirname, '..', 'docs', 'pictures')
const recording = resolve(folder, 'run.txt')
const [flag, log] = process.argv.slice(2)

if (flag === '--record' && log !== undefined) writeFileSync(recording, renderRecording(fold(readFileSync(log, 'utf8'))))

const lines = parseRecording(readFileSync(recording, 'utf8'))
const title = 'mode: install, provider: local (in the lab, with a stand-in for Rancher)'
const pictures = THEMES.flatMap((theme) => [
  [`run-${theme.name}.svg`, drawRun(lines, theme, title)] as const,
  [`architecture-${theme.name}.svg`, drawArchitecture(stackIn(lines), theme)] as const,
])
const stale = pictures.filter(
  ([name, svg]) => readFileSync(resolve(folder, name), { encoding: 'utf8', flag: 'a+' }) !== svg,
)

if (stale.length === 0) {
  console.log('docs/pictures are of the recorded run')
} else if (flag === '--check') {
  console.error(
    `docs/pictures differ from their recording: ${stale.map(([name]) => name).join(', ')}\nRun: npm run readme`,
  )
  process.exitCode = 1
} else {
  for (const [name, svg] of stale) writeFileSync(resolve(folder, name), svg)
  console.log(`docs/pictures: ${stale.map(([name]) => name).join(', ')} drawn`)
}
