import type { Line } from '../recording.ts'
import { plain, type Theme } from './theme.ts'

const COLUMNS = 118
const CHARACTER = 7.3
const ROW = 18
const LEFT = 16
const TIME = 62
const TOP = 44

/** A recorded run as a window of a log, every line with its time. Pure. */
export function drawRun(lines: Line[], theme: Theme, title: string): string {
  const width = Math.round(LEFT * 2 + TIME + COLUMNS * CHARACTER)
  const height = TOP + lines.length * ROW + 16
  const rows = lines.map(({ atS, text }, index) => {
    const y = TOP + 14 + index * ROW
    const colour = colourOf(text, theme)
    return [
      `<text x="${LEFT + TIME - 14}" y="${y}" fill="${theme.faint}" text-anchor="end">${clock(atS)}</text>`,
      `<text x="${LEFT + TIME}" y="${y}" fill="${colour}" xml:space="preserve">${plain(shortened(text))}</text>`,
    ].join('')
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${plain(title)}">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.paper}" stroke="${theme.frame}"/>`,
    `<path d="M0.5 32.5H${width - 0.5}" stroke="${theme.frame}"/>`,
    `<text x="${LEFT}" y="21" fill="${theme.text}" font-family="system-ui, sans-serif" font-size="13" font-weight="600">${plain(title)}</text>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">`,
    ...rows,
    '</g>',
    '</svg>',
  ].join('\n')}\n`
}

function colourOf(text: string, theme: Theme): string {
  if (/^(✓|yes |All \d+ sentences)/.test(text) || /^\s+\+ /.test(text)) return theme.good
  if (/^(!|\s+~ )/.test(text)) return theme.change
  if (/^(✗|NO |\s+- )/.test(text)) return theme.bad
  return theme.text
}

/** "2:31" */
function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

function shortened(text: string): string {
  return text.length <= COLUMNS ? text : `${text.slice(0, COLUMNS - 1)}…`
}
