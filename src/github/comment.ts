import { formatDuration, formatPlan, formatVerdict } from '../report/format.ts'
import { plainText, table } from '../report/markdown.ts'
import { type Kept, type PastRun, renderMarker } from './marker.ts'
import type { Standing, Told } from './told.ts'

/** GitHub takes 65,536 characters; some room is left for what its own masks may add. */
export const COMMENT_LIMIT = 60_000
const PAST_RUNS = 10

export type CommentData = Told & {
  stack: { name: string; owner: string }
  runUrl: string
  /** When this was told. */
  at: Date
  /** How to log in, in one line; undefined when nothing is known. */
  login: string | undefined
  past: PastRun[]
}

const TITLES: Record<Standing, string> = {
  working: '⏳ is being worked on',
  ready: '✅ is ready',
  planned: '📋 has a plan',
  failed: '❌ failed',
  unwanted: '💤 is not needed any more',
  gone: '🧹 is gone',
}

/** The one comment of a preview. What does not fit is left out from the least needed on. Pure. */
export function renderComment(data: CommentData, limit = COMMENT_LIMIT): string {
  const bare = { ...data, summary: { ...data.summary, timeline: [], plan: undefined } }
  const shorter = [data, { ...data, summary: { ...data.summary, timeline: [] } }, bare, { ...bare, past: [] }]
  const texts = shorter.map(render)
  const fitting = texts.find((text) => text.length <= limit)
  if (fitting !== undefined) return fitting
  const mark = `\n\n(cut)\n\n${markerOf({ ...bare, past: [] })}`
  return headOf(bare).slice(0, Math.max(0, limit - mark.length)) + mark
}

function render(data: CommentData): string {
  return [headOf(data), plan(data), timeline(data), past(data), markerOf(data)]
    .filter((part) => part !== '')
    .join('\n\n')
}

function headOf(data: CommentData): string {
  const { stack, standing, summary, reason } = data
  const { error } = summary
  const parts = [`### Rancher \`${stack.name}\` ${TITLES[standing]}`]
  if (reason !== undefined) parts.push(plainText(reason))
  if (error !== undefined) {
    const lines = [`**Failed (${error.kind}):** ${plainText(error.message)}`]
    if (error.stands !== undefined) lines.push(`**Standing:** ${plainText(error.stands)}`)
    if (error.next !== undefined) lines.push(`**Next:** ${plainText(error.next)}`)
    parts.push(lines.join('\n\n').replaceAll(/^/gm, '> '))
  }
  return [...parts, facts(data)].join('\n\n')
}

function facts({ standing, summary, runUrl, at, login }: CommentData): string {
  const { outputs, rows } = summary
  const url = outputs['rancher-url']
  const stands = standing !== 'gone' && standing !== 'unwanted'
  const versions = [
    outputs['rancher-version'] && `Rancher ${outputs['rancher-version']}`,
    outputs['kubernetes-version'] && `Kubernetes ${outputs['kubernetes-version']}`,
  ].filter((text) => text)
  const lines = [
    stands && url ? ['URL', url] : undefined,
    standing === 'ready' && login !== undefined ? ['Log in', login] : undefined,
    stands && outputs['expires'] ? ['Expires', outputs['expires']] : undefined,
    stands && versions.length > 0 ? ['Versions', versions.join(', ')] : undefined,
    rows.length > 0 ? ['Proof', formatVerdict(rows)] : undefined,
    ['Run', `${runUrl} (${formatTime(at)})`],
  ]
  return table(
    ['', ''],
    lines.filter((line) => line !== undefined),
  )
}

function plan({ standing, summary }: CommentData): string {
  if (summary.plan === undefined || standing !== 'planned') return ''
  return `\`\`\`\n${formatPlan(summary.plan.steps, summary.plan.digest).join('\n').replaceAll('```', "'''")}\n\`\`\``
}

function timeline({ summary }: CommentData): string {
  if (summary.timeline.length === 0) return ''
  const rows = summary.timeline
    .toSorted((one, other) => one.startMs - other.startMs)
    .map(({ heading, startMs, tookMs, ok }) => [
      ok ? '✅' : '❌',
      heading,
      `+${formatDuration(startMs)}`,
      formatDuration(tookMs),
    ])
  return folded('Timeline of this run', table(['', 'Step', 'Began', 'Took'], rows))
}

function past({ past }: CommentData): string {
  if (past.length === 0) return ''
  return folded(
    'Runs before',
    table(
      ['When', 'What', 'Run'],
      past.map(({ at, what, url }) => [at, what, url]),
    ),
  )
}

function folded(title: string, text: string): string {
  return `<details><summary>${title}</summary>\n\n${text}\n\n</details>`
}

/** Keeps this run too, for the next one to tell. */
function markerOf(data: CommentData): string {
  const past = [asPast(data), ...data.past].slice(0, PAST_RUNS)
  return renderMarker({ stack: data.stack.name, owner: data.stack.owner, kind: 'preview', past })
}

/** The runs before this one, the newest first; what this run said before is not told twice. */
export function pastOf(kept: Kept | undefined, runUrl: string): PastRun[] {
  return (kept?.past ?? []).filter(({ url }) => url !== runUrl)
}

function asPast({ mode, standing, at, runUrl, summary }: CommentData): PastRun {
  const how = standing === 'failed' ? `failed (${summary.error?.kind ?? 'bug'})` : standing
  return { at: formatTime(at), what: `${mode}: ${how}`, url: runUrl }
}

function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
