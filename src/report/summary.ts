import type { Row } from '../conformance/probe.ts'
import type { StackError } from '../errors.ts'
import type { Step } from '../steps.ts'
import { formatDuration, formatVerdict, signOf } from './format.ts'
import { type Moment, renderGantt } from './gantt.ts'
import { plainText, table } from './markdown.ts'
import type { NextStep, Table } from './report.ts'
import { supported } from './support.ts'

export type SummaryData = {
  /** When the run began, in ms since the epoch. */
  startedAt: number
  outputs: Record<string, string | undefined>
  rows: Row[]
  plan: { steps: Step[]; digest: string } | undefined
  timeline: Moment[]
  /** Where each tool came from. */
  tools: string[]
  tables: Table[]
  next: NextStep[]
  error: StackError | undefined
}

/** Of a run that has told nothing yet. */
export function emptySummary(startedAt = 0): SummaryData {
  return {
    startedAt,
    outputs: {},
    rows: [],
    plan: undefined,
    timeline: [],
    tools: [],
    tables: [],
    next: [],
    error: undefined,
  }
}

/** The runner drops a summary of more than 1 MiB whole (actions/runner, FileCommandManager); some room is left for other steps. */
export const SUMMARY_LIMIT_BYTES = 1024 * 1024 - 16 * 1024

/**
 * The job summary as Markdown: the URL on top, then failure, conformance, plan, timeline, versions, snapshots, tools,
 * expiry and next steps. What does not fit is left out from the least needed on: the diagram, the timeline, the plan,
 * the tools and the evidence; at last it is cut.
 */
export function renderSummary(data: SummaryData, limitBytes = SUMMARY_LIMIT_BYTES): string {
  const untimed = { ...data, timeline: [] }
  const shorter: (() => string)[] = [
    () => render(data, renderGantt(data.timeline, data.startedAt)),
    () => render(data, undefined),
    () => render(untimed, undefined),
    () => render({ ...untimed, plan: undefined }, undefined),
  ]
  for (const write of shorter) {
    const text = write()
    if (Buffer.byteLength(text) <= limitBytes) return text
  }
  const bare = data.rows.map((row) => ({ ...row, evidence: '' }))
  return cut(render({ ...untimed, plan: undefined, tools: [], rows: bare }, undefined), limitBytes)
}

function render(data: SummaryData, gantt: string | undefined): string {
  const parts = [
    heading(data),
    failure(data),
    conformance(data),
    plan(data),
    timeline(data, gantt),
    versions(data),
    ...data.tables.map(titled),
    tools(data),
    expiry(data),
    next(data),
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

function titled({ title, header, rows }: Table): string {
  return `### ${title}\n\n${table(header, rows)}`
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

/** The table stays beside the diagram: it is what a terminal, and a reader who cannot see the picture, has. */
function timeline({ timeline }: SummaryData, gantt: string | undefined): string {
  if (timeline.length === 0) return ''
  const inOrder = timeline.toSorted((one, other) => one.startMs - other.startMs)
  const body = inOrder.map(({ heading, startMs, tookMs, ok }) => [
    ok ? '✅' : '❌',
    heading,
    `+${formatDuration(startMs)}`,
    formatDuration(tookMs),
  ])
  const rows = table(['', 'Step', 'Began', 'Took'], body)
  if (gantt === undefined) return `### Timeline\n\n${rows}`
  const folded = `<details><summary>The same as a table</summary>\n\n${rows}\n\n</details>`
  return `### Timeline\n\n\`\`\`mermaid\n${gantt}\n\`\`\`\n\n${folded}`
}

function versions({ outputs, startedAt }: SummaryData): string {
  const rows = supported(outputs, startedAt).map(({ name, version, support }) => [name, version, support])
  const uid = outputs['cluster-uid']
  if (uid !== undefined) rows.push(['Cluster', uid, ''])
  return rows.length === 0 ? '' : `### Versions\n\n${table(['', '', 'Supported'], rows)}`
}

function tools({ tools }: SummaryData): string {
  if (tools.length === 0) return ''
  return `### Tools\n\n${tools.map((origin) => `- ${plainText(origin)}`).join('\n')}`
}

function expiry({ outputs }: SummaryData): string {
  return outputs['expires'] ? `**Expires:** ${plainText(outputs['expires'])}` : ''
}

const CUT_NOTE = '\n\n(cut: the rest is in the log)\n'

function cut(text: string, limitBytes: number): string {
  const room = Math.max(0, limitBytes - Buffer.byteLength(CUT_NOTE))
  const head = new TextDecoder('utf-8').decode(Buffer.from(text).subarray(0, room), { stream: true })
  return head + CUT_NOTE
}
