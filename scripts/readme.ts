// Writes the tables of inputs and outputs in README.md from action.yml. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml'
import { inputNames, modesOf } from '../src/inputs/schema.ts'
import { AVAILABLE_MODES } from '../src/mode.ts'

type Entry = { description?: string; default?: string; required?: boolean }
type Group = { title: string; rows: string[] }

const root = resolve(import.meta.dirname, '..')
const action = parseDocument(readFileSync(resolve(root, 'action.yml'), 'utf8'))
const file = resolve(root, 'README.md')
const before = readFileSync(file, 'utf8')
const after = between(between(before, 'inputs', inputTables(mapAt('inputs'))), 'outputs', outputTable(mapAt('outputs')))

if (after === before) {
  console.log('README.md has the tables of action.yml')
} else if (process.argv.includes('--check')) {
  console.error('README.md differs from action.yml.\nRun: npm run readme, and commit README.md.')
  process.exitCode = 1
} else {
  writeFileSync(file, after)
  console.log('README.md: tables written')
}

/** A table for each group; a group begins at a comment "== Title". Which modes take an input, the schemas say. */
function inputTables(inputs: YAMLMap): string {
  const groups: Group[] = []
  for (const { name, entry, comment } of entriesOf(inputs)) {
    const title = /^\s*== (.+)$/m.exec(comment)?.[1]
    if (title !== undefined) groups.push({ title, rows: [] })
    const group = groups.at(-1)
    if (group === undefined) throw new Error(`action.yml: input ${name} stands before the first group ("# == Title")`)
    const value = entry.required === true ? '*required*' : entry.default === undefined ? '' : `\`${entry.default}\``
    group.rows.push(`| \`${name}\` | ${value} | ${modesText(name)} | ${description('input', name, entry)} |`)
  }
  const head = ['| Input | Default | Modes | Meaning |', '| --- | --- | --- | --- |']
  return groups.map(({ title, rows }) => [`**${title}**`, '', ...head, ...rows].join('\n')).join('\n\n')
}

function outputTable(outputs: YAMLMap): string {
  const rows = entriesOf(outputs).map(({ name, entry }) => `| \`${name}\` | ${description('output', name, entry)} |`)
  return ['| Output | Meaning |', '| --- | --- |', ...rows].join('\n')
}

/** @throws Error for an input no mode takes */
function modesText(name: string): string {
  if (name === 'mode') return 'all'
  if (!inputNames().has(name)) throw new Error(`action.yml: no mode takes the input ${name}`)
  const modes = modesOf(name)
  return modes.length === AVAILABLE_MODES.length ? 'all' : modes.join(', ')
}

function mapAt(name: string): YAMLMap {
  const node = action.get(name)
  if (!isMap(node)) throw new Error(`action.yml has no ${name}`)
  return node
}

function entriesOf(map: YAMLMap): { name: string; entry: Entry; comment: string }[] {
  return map.items.map(({ key, value }, index) => {
    const name = isScalar(key) ? String(key.value) : String(key)
    // The parser gives what stands above the first entry to the map itself.
    const above = isScalar(key) ? (key.commentBefore ?? '') : ''
    const comment = index === 0 ? `${map.commentBefore ?? ''}\n${above}` : above
    return { name, entry: (isMap(value) ? value.toJSON() : {}) as Entry, comment }
  })
}

/** @throws Error when action.yml says nothing of it */
function description(kind: string, name: string, entry: Entry): string {
  const text = entry.description?.trim() ?? ''
  if (text === '') throw new Error(`action.yml: ${kind} ${name} has no description`)
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** @throws Error when the page lost its markers */
function between(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: begin (npm run readme) -->`, `<!-- ${name}: end -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`README.md has no markers for ${name}`)
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`
}
