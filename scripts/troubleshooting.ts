// Writes docs/troubleshooting.md from the errors in the code and their causes. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { renderCatalogue, uncatalogued } from './catalogue.ts'
import { thrownErrors } from './thrown.ts'

const root = resolve(import.meta.dirname, '..')
const file = resolve(root, 'docs', 'troubleshooting.md')
const thrown = thrownErrors(root)
const { missing, stale } = uncatalogued(thrown)
const wanted = renderCatalogue(thrown)

if (missing.length > 0 || stale.length > 0) {
  for (const { at, message } of missing) console.error(`${at}: no cause is written for ${JSON.stringify(message)}`)
  for (const message of stale) console.error(`scripts/causes: nothing in the code says ${JSON.stringify(message)}`)
  console.error('Correct scripts/causes, then run: npm run readme')
  process.exitCode = 1
} else if (readFileSync(file, { encoding: 'utf8', flag: 'a+' }) === wanted) {
  console.log('docs/troubleshooting.md has the errors of the code')
} else if (process.argv.includes('--check')) {
  console.error(
    'docs/troubleshooting.md differs from the code.\nRun: npm run readme, and commit docs/troubleshooting.md.',
  )
  process.exitCode = 1
} else {
  writeFileSync(file, wanted)
  console.log('docs/troubleshooting.md: written')
}
