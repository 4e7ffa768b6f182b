// Writes the tables of inputs and outputs in README.md from action.yml. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'

type Entry = { description?: string; default?: string; required?: boolean }
type Action = { inputs: Record<string, Entry | null>; outputs: Record<string, Entry | null> }

const root = resolve(import.meta.dirname, '..')
const action = parse(readFileSync(resolve(root, 'action.yml'), 'utf8')) as Action
const file = resolve(root, 'README.md')
const before = readFileSync(file, 'utf8')
const after = between(between(before, 'inputs', inputTable(action.inputs)), 'outputs', outputTable(action.outputs))

if (after === before) {
  console.log('README.md has the tables of action.yml')
} else if (process.argv.includes('--check')) {
  console.error('README.md differs from action.yml.\nRun: npm run readme, and commit README.md.')
  process.exitCode = 1
} else {
  writeFileSync(file, after)
  console.log('README.md: tables written')
}

function inputTable(inputs: Action['inputs']): string {
  const rows = Object.entries(inputs).map(([name, entry]) => {
    const value = entry?.required === true ? '*required*' : entry?.default === undefined ? '' : `\`${entry.default}\``
    return `| \`${name}\` | ${value} | ${description('input', name, entry)} |`
  })
  return ['| Input | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function outputTable(outputs: Action['outputs']): string {
  const rows = Object.entries(outputs).map(([name, entry]) => `| \`${name}\` | ${description('output', name, entry)} |`)
  return ['| Output | Meaning |', '| --- | --- |', ...rows].join('\n')
}

/** @throws Error when action.yml says nothing of it */
function description(kind: string, name: string, entry: Entry | null): string {
  const text = entry?.description?.trim() ?? ''
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
