import type { Row } from '../conformance/probe.ts'
import type { StackError } from '../errors.ts'
import type { Step } from '../steps.ts'
import { formatDuration, formatVerdict, signOf } from './format.ts'
import { plainText, table } from './markdown.ts'
import type { NextStep } from './report.ts'

/** One finished step, for the timeline. `startMs` counts from the start of the run. */
export type Moment = { heading: string; startMs: number; tookMs: number; ok: boolean }

export type SummaryData = {
  /** When the run began, in ms since the epoch. */
  startedAt: number
  outputs: Record<string, string | undefined>
  rows: Row[]
  plan: { steps: Step[]; digest: string } | undefined
  timeline: Moment[]
  next: NextStep[]
  error: StackError | undefined
}

/** The runner drops a summary of more than 1 MiB whole (actions/runner, FileCommandManager); some room is left for other steps. */
export const SUMMARY_LIMIT_BYTES = 1024 * 1024 - 16 * 1024

/**
 * The job summary as Markdown: the URL on top, then failure, conformance, next steps, plan, timeline, versions.
 * What does not fit is left out from the least needed on: timeline, plan, evidence; at last it is cut.
 */
export function renderSummary(data: SummaryData, limitBytes = SUMMARY_LIMIT_BYTES): string {
  const shorter: SummaryData[] = [
    data,
    { ...data, timeline: [] },
    { ...data, timeline: [], plan: undefined },
    { ...data, timeline: [], plan: undefined, rows: data.rows.map((row) => ({ ...row, evidence: '' })) },
  ]
  const texts = shorter.map(render)
  return texts.find((text) => Buffer.byteLength(text) <= limitBytes) ?? cut(texts.at(-1) ?? '', limitBytes)
}

function render(data: SummaryData): string {
  const parts = [
    heading(data),
    failure(data),
    conformance(data),
    next(data),
    plan(data),
    timeline(data),
    versions(data),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function heading({ outputs }: SummaryData): string {
  const url = outputs['rancher-url']
  return url === undefined ? '## Rancher HA' : `## Rancher: ${url}`
}

function failure({ error }: SummaryData): string {
  if (error === undefined) return ''
  const lines = [`**Failed (${error.kind}):** ${plainText(error.message)}`]
  if (error.stands !== undefined) lines.push(`**Standing:** ${plainText(error.stands)}`)
  if (error.next !== undefined) lines.push(`**Next:** ${plainText(error.next)}`)
  return `> [!CAUTION]\n${lines.join('\n\n').replaceAll(/^/gm, '> ')}`
}

function conformance({ rows }: SummaryData): string {
  if (rows.length === 0) return ''
  const body = rows.map((row) => [row.ok ? '✅' : '❌', row.sentence, row.evidence])
  return `### Recommended architecture\n\n${formatVerdict(rows)}\n\n${table(['', 'Sentence', 'Seen'], body)}`
}

function next({ next }: SummaryData): string {
  if (next.length === 0) return ''
  const items = next.map(({ text, command }) =>
    command === undefined ? `- ${text}` : `- ${text}\n\n  \`\`\`sh\n${command.replaceAll(/^/gm, '  ')}\n  \`\`\``,
  )
  return `### Next\n\n${items.join('\n')}`
}

function plan({ plan }: SummaryData): string {
  if (plan === undefined) return ''
  if (plan.steps.length === 0) return '### Plan\n\nNothing to do: what stands is what was asked for.'
  const lines = plan.steps.map((step) => `${signOf(step) === '~' ? '!' : signOf(step)} ${step.title}`)
  return `### Plan\n\n\`\`\`diff\n${lines.join('\n')}\n\`\`\`\n\nDigest: \`${plan.digest}\``
}

function timeline({ timeline }: SummaryData): string {
  if (timeline.length === 0) return ''
  const inOrder = timeline.toSorted((one, other) => one.startMs - other.startMs)
  const body = inOrder.map(({ heading, startMs, tookMs, ok }) => [
    ok ? '✅' : '❌',
    heading,
    `+${formatDuration(startMs)}`,
    formatDuration(tookMs),
  ])
  return `### Timeline\n\n${table(['', 'Step', 'Began', 'Took'], body)}`
}

function versions({ outputs }: SummaryData): string {
  const known = [
    ['Rancher', outputs['rancher-version']],
    ['Kubernetes', outputs['kubernetes-version']],
    ['Cluster UID', outputs['cluster-uid']],
  ].flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value]]))
  return known.length === 0 ? '' : `### Versions\n\n${table(['', ''], known)}`
}

const CUT_NOTE = '\n\n(cut: the rest is in the log)\n'

function cut(text: string, limitBytes: number): string {
  const room = Math.max(0, limitBytes - Buffer.byteLength(CUT_NOTE))
  const head = new TextDecoder('utf-8').decode(Buffer.from(text).subarray(0, room), { stream: true })
  return head + CUT_NOTE
}
