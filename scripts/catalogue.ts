import type { ErrorKind } from '../src/errors.ts'
import { causes, KINDS } from './causes/causes.ts'
import { usualWay, ways } from './causes/ways.ts'
import type { Thrown } from './thrown.ts'
import type { Trial } from './tried/trial.ts'
import { tried } from './tried/tried.ts'

/** What an error that says no more has: the step it came from tells the rest. */
const STANDS = 'What was done before; the last lines of the log name what was not.'
/** Errors without a cause, and causes without an error. A bug has none: it is reported. */
export function uncatalogued(thrown: Thrown[]): { missing: Thrown[]; stale: string[] } {
  const own = thrown.filter(isOwn)
  const messages = new Set(own.map(({ message }) => message))
  return {
    missing: own.filter(({ kind, message }) => kind !== 'bug' && causes[message] === undefined),
    stale: Object.keys(causes).filter((message) => !messages.has(message)),
  }
}

/** A way out of an error of some kind. */
export type Way = { kind: ErrorKind; way: string }

/** Ways out that no test tries, and entries for ways that no error has. */
export function untried(thrown: Thrown[]): { missing: Way[]; stale: Way[] } {
  const printed = waysIn(thrown)
  const has = (list: Way[], one: Way) => list.some(({ kind, way }) => kind === one.kind && way === one.way)
  const entered = Object.entries(tried).flatMap(([kind, entries]) =>
    Object.keys(entries).map((way) => ({ kind: kind as ErrorKind, way })),
  )
  return {
    missing: printed.filter((one) => !has(entered, one)),
    stale: entered.filter((one) => !has(printed, one)),
  }
}

/** Every way out that the code can print, once for each kind of error that has it; to report a bug is none. */
function waysIn(thrown: Thrown[]): Way[] {
  const all = thrown
    .filter(isOwn)
    .flatMap((error) =>
      kindsOf(error).flatMap((kind) =>
        waysOf(error, kind as ErrorKind).map((way) => ({ kind: kind as ErrorKind, way })),
      ),
    )
  return [...new Map(all.filter(({ way }) => isWay(way)).map((each) => [`${each.kind} ${each.way}`, each])).values()]
}

/** A bug is reported, and nothing is to be tried. */
function isWay(way: string): boolean {
  return !way.startsWith('Report ')
}

/** The ways out of one error, in the order the code has them. */
function waysOf({ message, next = '' }: Thrown, kind: ErrorKind): string[] {
  const said = next.split(' / ').filter((way) => /[a-z]/i.test(way))
  if (said.length > 0) return [...new Set(said)]
  return ways[message] ?? [usualWay(kind)]
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

<!-- Written by npm run readme from the code, scripts/causes and scripts/tried. -->

The last lines of a failed run say what happened, what stands and what to do; the output \`error-kind\` tells a workflow which of the kinds below it was. Here every error is told once more, with its cause. \`…\` stands for what is known only when it happens.

**Tried by** names a test, by its file and, where it is not called by what is to be done, its title. It brings an error of this kind with this way out about, does what it says, and sees it work: in \`e2e/\` a whole run against the lab, in \`cloud/\` the provider against a stand-in for AWS, in \`scenarios/\` the committed bundle as a process, in \`unit/\` the part that decides or acts, with a stand-in for what is around it. Of a sentence that offers several ways the test takes at least one. What else is assumed: [not-exercised.md](not-exercised.md).`

function section(kind: ErrorKind, errors: Thrown[]): string {
  const entries = joined(errors)
    .sort((one, other) => one.message.localeCompare(other.message, 'en'))
    .map((error) => entry(error, kind))
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

function entry(error: Thrown, kind: ErrorKind): string {
  const { message, stands } = error
  const cause = causes[message]
  const found = waysOf(error, kind)
  const lines = [
    `**${text(message)}**`,
    '',
    ...(cause === undefined ? [] : [`- Cause: ${text(cause)}`]),
    `- What stands: ${text(told(stands) ?? (kind === 'input' ? 'Nothing was changed.' : STANDS))}`,
    `- What to do: ${text(found.join(' / '))}`,
    ...found.filter(isWay).map((way) => formatTried(tried[kind]?.[way], way, found.length > 1)),
  ]
  return lines.join('\n')
}

/** A test that is called by the way out is named by its file alone. */
function formatTried(trials: Trial[] | undefined, way: string, isOneOfMany: boolean): string {
  const about = isOneOfMany ? ` (${text(way)})` : ''
  if (trials === undefined) return `- Not tried${about}`
  const tests = trials.map(({ file, test }) => `\`${file}\`${test === way ? '' : ` "${text(test)}"`}`)
  return `- Tried by${about}: ${tests.join(', ')}`
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
