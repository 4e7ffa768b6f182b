/** One line of a recorded run, with when it was told, in seconds since the start. */
export type Line = { atS: number; text: string }

/**
 * A log as the harness keeps it below .out/runs, folded as GitHub shows it: what stands inside groups, and the runner's
 * own commands, are left out. Pure.
 */
export function fold(log: string): Line[] {
  const lines: Line[] = []
  let inside = false
  for (const { atS, text } of parseRecording(log)) {
    if (text.startsWith('::group::')) inside = true
    else if (text === '::endgroup::') inside = false
    else if (text.startsWith('::warning::')) lines.push({ atS, text: `! ${text.slice('::warning::'.length)}` })
    else if (!inside && !text.startsWith('::') && text.trim() !== '') lines.push({ atS, text })
  }
  return lines
}

/** "   12.3 text" a line. @throws Error for a line of another form */
export function parseRecording(log: string): Line[] {
  const told = log.split('\n').filter((line) => line !== '')
  return told.map((line) => {
    const match = /^\s*(\d+\.\d) (.*)$/.exec(line)
    if (match === null) throw new Error(`not a line of a recording: ${line}`)
    return { atS: Number(match[1]), text: match[2] ?? '' }
  })
}

export function renderRecording(lines: Line[]): string {
  return lines.map(({ atS, text }) => `${atS.toFixed(1).padStart(7)} ${text}\n`).join('')
}
