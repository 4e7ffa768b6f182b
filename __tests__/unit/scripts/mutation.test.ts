import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { JUDGED, type Judged } from '../../../scripts/mutation/judged.ts'
import { type Measured, type Mutant, renderPage } from '../../../scripts/mutation/page.ts'

const CODE = '  return one < other'
const judged: Judged = {
  file: 'src/a.ts',
  code: 'return one < other',
  from: 'one < other',
  to: 'one <= other',
  kind: 'equivalent',
  why: 'They are never equal.',
}
const at = (line: number, status: string): Mutant => ({
  mutatorName: 'EqualityOperator',
  replacement: 'one <= other',
  status,
  location: { start: { line, column: 10 }, end: { line, column: 21 } },
})
const measured = (source: string, mutants: Mutant[]): Measured[] => [
  { key: '', seconds: 60, files: { 'src/a.ts': { source, mutants } } },
]

test('a judgement is found by the code, wherever its line has gone', () => {
  for (const [source, line] of [[CODE, 1] as const, [`// more\n\n${CODE}`, 3] as const]) {
    const { page, told } = renderPage(measured(source, [at(line, 'Survived')]), 1, [judged])
    expect(page).toContain(
      `| \`src/a.ts:${line}\` | \`one < other\` | \`one <= other\` | equivalent | They are never equal. |`,
    )
    expect(told).toBe('0.0 % of 1 mutants were seen; 0 survivors are not judged')
  }
})

test('a survivor that nobody judged is marked, and so is one of code that changed', () => {
  for (const source of ['  return one < other + 1', CODE.replace('one', 'two')]) {
    const { page, told } = renderPage(measured(source, [at(1, 'NoCoverage')]), 1, [judged])
    expect(page).toContain('**nobody yet**')
    expect(page).toContain('1 are not judged yet.')
    expect(told).toMatch(/1 survivors are not judged$/)
  }
})

test('what is seen counts, what is left out does not, and a judgement of what is seen by now is told', () => {
  const { page, told } = renderPage(measured(CODE, [at(1, 'Killed'), at(1, 'Timeout'), at(1, 'Ignored')]), 2, [judged])
  expect(told).toMatch(/^100.0 % of 2 mutants/)
  expect(page).toContain('(1 of 2 rooms)')
  expect(page).toContain('Judged, and no longer there or seen by now: `one < other` → `one <= other` in `src/a.ts`')
})

test('what is judged is of code that is there', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  for (const { file, code = '' } of JUDGED) {
    expect(existsSync(`${root}${file}`)).toBe(true)
    const lines = readFileSync(`${root}${file}`, 'utf8').split('\n')
    expect({ file, code, isThere: lines.some((line) => line.trim() === code) }).toEqual({ file, code, isThere: true })
  }
})
