// Writes docs/troubleshooting.md from the errors in the code, their causes and the tests that try their ways out, and
// lists in docs/not-exercised.md what no test tries. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { renderCatalogue, renderUntried, uncatalogued, unjudged } from './catalogue.ts'
import { thrownErrors } from './thrown.ts'

const root = resolve(import.meta.dirname, '..')
const [page, list] = ['troubleshooting.md', 'not-exercised.md'].map((name) => resolve(root, 'docs', name)) as [
  string,
  string,
]
const thrown = thrownErrors(root)
const { missing, stale } = uncatalogued(thrown)
const judged = unjudged(thrown)
const wanted = new Map([
  [page, renderCatalogue(thrown)],
  [list, withUntried(read(list))],
])
const differing = [...wanted].filter(([file, text]) => read(file) !== text)

if (missing.length + stale.length + judged.missing.length + judged.stale.length > 0) {
  for (const { at, message } of missing) console.error(`${at}: no cause is written for ${JSON.stringify(message)}`)
  for (const message of stale) console.error(`scripts/causes: nothing in the code says ${JSON.stringify(message)}`)
  for (const { kind, way } of judged.missing)
    console.error(`scripts/tried: is it tried (${kind})? ${JSON.stringify(way)}`)
  for (const { kind, way } of judged.stale) console.error(`scripts/tried: no ${kind} says ${JSON.stringify(way)}`)
  console.error('Correct scripts/causes and scripts/tried, then run: npm run readme')
  process.exitCode = 1
} else if (differing.length === 0) {
  console.log('docs/troubleshooting.md has the errors of the code')
} else if (process.argv.includes('--check')) {
  const names = differing.map(([file]) => file.slice(root.length + 1)).join(' and ')
  console.error(`${names}: differs from the code.\nRun: npm run readme, and commit it.`)
  process.exitCode = 1
} else {
  for (const [file, text] of differing) writeFileSync(file, text)
  console.log('docs/troubleshooting.md: written')
}

function read(file: string): string {
  return readFileSync(file, { encoding: 'utf8', flag: 'a+' })
}

/** The list of what was not exercised, with the ways out that no test tries between its two marks. */
function withUntried(text: string): string {
  const marks = /(<!-- untried: begin \(npm run readme\) -->\n)[\s\S]*(\n<!-- untried: end -->)/
  if (!marks.test(text)) throw new Error('docs/not-exercised.md has no place for the ways out that were not tried')
  return text.replace(marks, (_, begin: string, end: string) => `${begin}\n${renderUntried(thrown)}\n${end}`)
}
