import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { untried } from '../../../scripts/catalogue.ts'
import { ways } from '../../../scripts/causes/ways.ts'
import { thrownErrors } from '../../../scripts/thrown.ts'
import type { Trial } from '../../../scripts/tried/trial.ts'
import { tried } from '../../../scripts/tried/tried.ts'
import { readRecord } from '../../e2e/record.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const thrown = thrownErrors(root)
const trials = Object.values(tried).flatMap((entries): Trial[] => Object.values(entries).flat())

test('every way out that the code can print is tried by a test, and no other is listed', () => {
  expect(untried(thrown)).toEqual({ missing: [], stale: [] })
})

test('a way out that no test tries is missed', () => {
  const one = { at: 'src/a.ts:1', kind: 'ssh', message: 'Quite new.', stands: undefined, next: 'Wait for the moon.' }
  expect(untried([one]).missing).toEqual([{ kind: 'ssh', way: 'Wait for the moon.' }])
})

test('every test that is named is there, by its file and its title', () => {
  expect(trials.length).toBeGreaterThan(200)
  const missing = trials.filter(({ file, test: title }) => {
    const path = join(root, '__tests__', file)
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(title)
  })
  expect(missing).toEqual([])
})

test('of the end-to-end cases only those count that were seen to pass', () => {
  const passed = readRecord().flatMap(({ name, result }) => (result === 'passed' ? [name] : []))
  const cases = trials.filter(({ file }) => file.startsWith('e2e/pool/'))
  expect(cases.length).toBeGreaterThan(0)
  expect(cases.map(({ test: title }) => title).filter((title) => !passed.includes(title))).toEqual([])
})

test('the ways out that are read from a table at run time stand in the code', () => {
  const code = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
    .join('\n')
  const parts = Object.values(ways)
    .flat()
    .flatMap((way) => way.split('…'))
  expect(parts.filter((part) => !code.includes(part.trim()))).toEqual([])
})
