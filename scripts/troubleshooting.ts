// Writes docs/troubleshooting.md from the errors in the code, their causes and the tests that try their ways out. With
// --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { renderCatalogue, uncatalogued, untried } from './catalogue.ts'
import { thrownErrors } from './thrown.ts'

const root = resolve(import.meta.dirname, '..')
const page = resolve(root, 'docs', 'troubleshooting.md')
const thrown = thrownErrors(root)
const wanted = renderCatalogue(thrown)
const { missing, stale } = uncatalogued(thrown)
const trials = untried(thrown)

if (missing.length + stale.length + trials.missing.length + trials.stale.length > 0) {
  for (const { at, message } of missing) console.error(`${at}: no cause is written for ${JSON.stringify(message)}`)
  for (const message of stale) console.error(`scripts/causes: nothing in the code says ${JSON.stringify(message)}`)
  for (const { kind, way } of trials.missing)
    console.error(`scripts/tried: no test tries what ${kind} says: ${JSON.stringify(way)}`)
  for (const { kind, way } of trials.stale) console.error(`scripts/tried: no ${kind} says ${JSON.stringify(way)}`)
  console.error('Correct scripts/causes and scripts/tried, then run: npm run readme')
  process.exitCode = 1
} else if (readFileSync(page, { encoding: 'utf8', flag: 'a+' }) === wanted) {
  console.log('docs/troubleshooting.md has the errors of the code')
} else if (process.argv.includes('--check')) {
  console.error('docs/troubleshooting.md: differs from the code.\nRun: npm run readme, and commit it.')
  process.exitCode = 1
} else {
  writeFileSync(page, wanted)
  console.log('docs/troubleshooting.md: written')
}
