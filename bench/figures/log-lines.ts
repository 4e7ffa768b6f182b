import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fold, parseRecording } from '../../scripts/recording.ts'

/**
 * How much an install tells.
 *
 * @param log a log of the harness as it lies below .out/runs; without one, only the folded record beside the pictures is counted
 */
export function logSection(root: string, log: string | undefined): string {
  const recorded = parseRecording(readFileSync(join(root, 'docs', 'pictures', 'run.txt'), 'utf8'))
  const seconds = recorded.at(-1)?.atS ?? 0
  const rows = [
    `| as GitHub shows it, groups folded; the recorded run of ${(seconds / 60).toFixed(1)} min in [run.txt](../docs/pictures/run.txt) | ${recorded.length} |`,
    ...(log === undefined
      ? ['| with all that stands in the groups | not measured: no whole log was at hand (`LOG=<file of .out/runs>`) |']
      : whole(readFileSync(log, 'utf8'))),
  ]
  return `| An install of three nodes in the lab | Lines |
| --- | --- |
${rows.join('\n')}`
}

function whole(log: string): string[] {
  const seconds = parseRecording(log).at(-1)?.atS ?? 0
  const told = parseRecording(log).filter(({ text }) => !/^::(add-mask|debug|endgroup|stop-commands)/.test(text))
  return [
    `| as GitHub shows it, groups folded; another run of ${(seconds / 60).toFixed(1)} min | ${fold(log).length} |`,
    `| the same run with all that stands in the groups | ${told.length} |`,
  ]
}
