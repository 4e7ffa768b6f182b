import type { Row } from '../conformance/probe.ts'
import type { StackError } from '../errors.ts'
import type { Step } from '../steps.ts'
import type { Place } from './report.ts'

/** "850 ms", "14 s", "3 min 5 s", "1 h 20 min". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** "[3/9] Join node-3 to etcd"; without a place the title alone. */
export function formatTitle(title: string, place: Place | undefined): string {
  return place === undefined ? title : `[${place.at}/${place.of}] ${title}`
}

export function formatEnd(heading: string, tookMs: number, error: StackError | undefined): string {
  const took = formatDuration(tookMs)
  return error === undefined ? `✓ ${heading} (${took})` : `✗ ${heading} (${took}): ${firstLine(error.message)}`
}

/** What is known of a step that goes on: what it waits for, else the last line it told. */
export type Going = { awaited: string | undefined; last: string | undefined }

/** @param others headings of steps that run at the same time and are not shown now */
export function formatHeartbeat(elapsedMs: number, { awaited, last }: Going, others: string[]): string {
  const running = last === undefined ? 'still running' : `still running; last seen: ${shortened(firstLine(last))}`
  const what = awaited === undefined ? running : `waiting for ${awaited}`
  const beside = others.length === 0 ? '' : ` (meanwhile: ${others.join(', ')})`
  return `… ${formatDuration(elapsedMs)}: ${what}${beside}`
}

export function formatPlan(steps: Step[], digest: string): string[] {
  if (steps.length === 0) return ['Plan: nothing to do. What stands is what was asked for.']
  const count = steps.length === 1 ? '1 step' : `${steps.length} steps`
  return [`Plan: ${count}, digest ${digest}`, ...steps.map((step) => `  ${signOf(step)} ${step.title}`)]
}

/** The plan as the output `plan` has it. The details of changes stay inside: they are the rooms' own. */
export function planOutput(steps: Step[]): string {
  return JSON.stringify(
    steps.map(({ id, title, needs, change }) => ({ id, title, needs, room: change.room, kind: change.kind })),
  )
}

const ADDS = /^(add|claim|create|install|join|load|make|pull|start|write)\b/i
const REMOVES = /^(clear|delete|destroy|forget|remove|stop|uninstall)\b/i

/** "+" for what comes, "-" for what goes, "~" for what is changed, as a diff has it. */
export function signOf({ title }: Pick<Step, 'title'>): '+' | '-' | '~' {
  if (ADDS.test(title)) return '+'
  return REMOVES.test(title) ? '-' : '~'
}

export function formatRow({ ok, sentence, evidence }: Row): string {
  return `${ok ? 'yes' : 'NO '}  ${sentence}: ${evidence}`
}

/** "9 of 12 sentences hold." */
export function formatVerdict(rows: Row[]): string {
  const held = rows.filter((row) => row.ok).length
  return held === rows.length
    ? `All ${held} sentences of the recommended architecture hold.`
    : `${held} of ${rows.length} sentences of the recommended architecture hold.`
}

/** What happened, what stands, what to do: the last lines of a failed run. */
export function formatFailure({ kind, message, stands, next }: StackError): string[] {
  return [
    `Failed (${kind}):${message.includes('\n') ? '\n' : ' '}${message}`,
    ...(stands === undefined ? [] : [`Standing: ${stands}`]),
    ...(next === undefined ? [] : [`Next: ${next}`]),
  ]
}

function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
