import { JUDGED, type Judged, type Kind } from './judged.ts'

export type Mutant = {
  mutatorName: string
  replacement?: string
  status: string
  location: { start: Position; end: Position }
}
type Position = { line: number; column: number }
type Files = Record<string, { source: string; mutants: Mutant[] }>
/** What Stryker's reporter writes. */
export type Report = { files: Files }
/** What is kept of it for each room. */
export type Measured = { key: string; seconds: number; files: Files }

const KILLED = ['Killed', 'Timeout']
const ALIVE = ['Survived', 'NoCoverage']
const LONGEST = 120

const KINDS: Record<Kind, string> = {
  equivalent: 'it cannot be told from the code as it is, by any input the code is given',
  'message text only': 'only the words of a message differ',
  gap: 'a test could see it, and none does',
}

type Survivor = { file: string; line: number; mutant: Mutant; code: string; from: string; to: string }

/** The page, and its first sentence. */
export function renderPage(
  measured: Measured[],
  rooms: number,
  judgements: Judged[] = JUDGED,
): { page: string; told: string } {
  const files = measured
    .flatMap((room) => Object.entries(room.files))
    .toSorted(([one], [other]) => one.localeCompare(other, 'en'))
  const all = files.flatMap(([, { mutants }]) => mutants)
  const survivors = files.flatMap(([file, { source, mutants }]) => survivorsOf(file, source, mutants))
  const rows = survivors.map((one) => ({ one, judged: judgementOf(one, judgements) }))
  const told = `${score(all)} of ${count(all, [...KILLED, ...ALIVE])} mutants were seen`
  const unjudged = rows.filter(({ judged }) => judged === undefined).length
  const stale = judgements.filter(
    (judged) => !rows.some((row) => row.judged === judged) && files.some(([file]) => file === judged.file),
  )
  const page = [
    '# Mutation tests of the pure core',
    '',
    'Written by `make mutation`. Each small change of the code (a mutant) is run against the unit tests of its room; one that no test sees is a gap in the tests, or makes no difference. Each of these is judged, in `scripts/mutation/judged.ts`.',
    '',
    `${told}, in ${minutes(measured)} min${measured.length < rooms ? ` (${measured.length} of ${rooms} rooms)` : ''}. The ${survivors.length} others: ${tally(rows.map(({ judged }) => judged?.kind))}.`,
    '',
    `Not counted: ${count(all, ['Ignored'])} mutants of texts that people read (a string with words and spaces between them): tests look for the part of a message that matters, and its wording is free. Names, keys and ids are strings too, and are counted. What does not end any more is seen: ${count(all, ['Timeout'])} were stopped for that.${broken(all)}`,
    '',
    ...Object.entries(KINDS).map(([kind, meaning]) => `- **${kind}**: ${meaning}.`),
    '',
    '| File | Seen | Mutants | Not seen |',
    '| --- | --- | --- | --- |',
    ...files.map(
      ([file, { mutants }]) =>
        `| \`${file}\` | ${score(mutants)} | ${count(mutants, [...KILLED, ...ALIVE])} | ${count(mutants, ALIVE)} |`,
    ),
    '',
    '## Not seen',
    '',
    ...(unjudged === 0 ? [] : [`${unjudged} are not judged yet.`, '']),
    '| Where | Code | Changed to | Judged | Why |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ one, judged }) =>
        `| \`${one.file}:${one.line}\` | ${cell(one.from)} | ${cell(one.to)} | ${judged?.kind ?? '**nobody yet**'} | ${judged?.why ?? ''} |`,
    ),
    '',
    ...(stale.length === 0
      ? []
      : [
          `Judged, and no longer there or seen by now: ${stale.map(({ file, from, to }) => `${cell(from)} → ${cell(to)} in \`${file}\``).join('; ')}.`,
          '',
        ]),
  ].join('\n')
  return { page, told: `${told}; ${unjudged} survivors are not judged` }
}

function survivorsOf(file: string, source: string, mutants: Mutant[]): Survivor[] {
  const lines = source.split('\n')
  return mutants
    .filter(({ status }) => ALIVE.includes(status))
    .map((mutant) => {
      const { start, end } = mutant.location
      const within = lines.slice(start.line - 1, end.line)
      const last = within.length - 1
      const from = within
        .map((text, at) => text.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined))
        .join('\n')
      const code = lines[start.line - 1]?.trim() ?? ''
      return { file, line: start.line, mutant, code, from: oneLine(from), to: oneLine(mutant.replacement ?? '') }
    })
    .toSorted((one, other) => one.line - other.line)
}

/** By the code, and not by the number of its line, so that a judgement stands when lines are moved. */
function judgementOf({ file, code, from, to }: Survivor, judgements: Judged[]): Judged | undefined {
  return judgements.find(
    (one) => one.file === file && one.from === from && one.to === to && (one.code === undefined || one.code === code),
  )
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function cell(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
  return shown === '' ? '(nothing)' : `\`${shown.replaceAll('|', '\\|').replaceAll('`', "'")}\``
}

function tally(kinds: (Kind | undefined)[]): string {
  const told = (Object.keys(KINDS) as Kind[]).map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`)
  const unjudged = kinds.filter((kind) => kind === undefined).length
  return [...told, ...(unjudged === 0 ? [] : [`${unjudged} not judged yet`])].join(', ')
}

function broken(mutants: Mutant[]): string {
  const rest = mutants.filter(({ status }) => ![...KILLED, ...ALIVE, 'Ignored'].includes(status)).length
  return rest === 0 ? '' : ` ${rest} could not be tried.`
}

function minutes(measured: Measured[]): string {
  return (measured.reduce((sum, { seconds }) => sum + seconds, 0) / 60).toFixed(0)
}

function score(mutants: Mutant[]): string {
  const judged = count(mutants, [...KILLED, ...ALIVE])
  return judged === 0 ? '–' : `${((100 * count(mutants, KILLED)) / judged).toFixed(1)} %`
}

function count(mutants: Mutant[], statuses: string[]): number {
  return mutants.filter(({ status }) => statuses.includes(status)).length
}
