import type { ErrorKind } from '../src/errors.ts'
import { causes, KINDS } from './causes/causes.ts'
import type { Thrown } from './thrown.ts'

/** What an error that says no more has: the step it came from tells the rest. */
const STANDS = 'What was done before; the last lines of the log name what was not.'
const NEXT = 'Run the same again: it goes on from what stands.'

/** Errors without a cause, and causes without an error. A bug has none: it is reported. */
export function uncatalogued(thrown: Thrown[]): { missing: Thrown[]; stale: string[] } {
  const own = thrown.filter(isOwn)
  const messages = new Set(own.map(({ message }) => message))
  return {
    missing: own.filter(({ kind, message }) => kind !== 'bug' && causes[message] === undefined),
    stale: Object.keys(causes).filter((message) => !messages.has(message)),
  }
}

/** Whether the message is the code's own; of another error passed on, nothing is known here. */
function isOwn({ message }: Thrown): boolean {
  return /[a-z]/i.test(message) || message in causes
}

/** The page, as Markdown. Pure. */
export function renderCatalogue(thrown: Thrown[]): string {
  const own = thrown.filter(isOwn)
  const kinds = Object.keys(KINDS) as ErrorKind[]
  const parts = kinds.map((kind) =>
    section(
      kind,
      own.filter((each) => kindsOf(each).includes(kind)),
    ),
  )
  return `${[HEAD, ...parts].join('\n\n')}\n`
}

/** An error whose kind is passed on stands with each kind it may have: where it says none, with preflight. */
function kindsOf({ kind }: Thrown): string[] {
  const told = kind.split(' / ').filter((each) => each in KINDS)
  return told.length === 0 ? ['preflight'] : told
}

const HEAD = `# When something fails

<!-- Written by npm run readme from the code and scripts/causes. -->

The last lines of a failed run say what happened, what stands and what to do; the output \`error-kind\` tells a workflow which of the kinds below it was. Here every error is told once more, with its cause. \`…\` stands for what is known only when it happens.`

function section(kind: ErrorKind, errors: Thrown[]): string {
  const entries = joined(errors)
    .sort((one, other) => one.message.localeCompare(other.message, 'en'))
    .map(entry)
  return [`## \`${kind}\``, KINDS[kind], ...entries].join('\n\n')
}

/** One entry for each message; where several places say the same, all their ways out stand in it. */
function joined(errors: Thrown[]): Thrown[] {
  const byMessage = new Map<string, Thrown>()
  for (const error of errors) {
    const before = byMessage.get(error.message)
    const ways = new Set([before?.next, error.next].filter((next) => next !== undefined))
    byMessage.set(error.message, { ...error, next: ways.size === 0 ? undefined : [...ways].join(' / ') })
  }
  return [...byMessage.values()]
}

function entry({ kind, message, stands, next }: Thrown): string {
  const cause = causes[message]
  const lines = [
    `**${text(message)}**`,
    '',
    ...(cause === undefined ? [] : [`- Cause: ${text(cause)}`]),
    `- What stands: ${text(told(stands) ?? (kind === 'input' ? 'Nothing was changed.' : STANDS))}`,
    `- What to do: ${text(told(next) ?? (kind === 'bug' ? 'Report it with the log of the run.' : NEXT))}`,
  ]
  return lines.join('\n')
}

/** What says nothing but what is computed helps nobody here. */
function told(part: string | undefined): string | undefined {
  return part === undefined || !/[a-z]/i.test(part) ? undefined : part
}

/** Text as text: no emphasis, no tags, no line ends. */
function text(value: string): string {
  return value
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[<*_[\]]/g, (each) => `\\${each}`)
}
