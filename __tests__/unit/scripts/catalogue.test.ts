import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { renderCatalogue, uncatalogued } from '../../../scripts/catalogue.ts'
import { thrownErrors } from '../../../scripts/thrown.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The errors in one made-up file. */
function thrownIn(code: string) {
  const folder = mkdtempSync(join(tmpdir(), 'thrown-'))
  try {
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'src', 'a.ts'), code)
    return thrownErrors(folder).map(({ at: _, ...rest }) => rest)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('every error of the code has its cause, every cause its error, and the page is of today', () => {
  const thrown = thrownErrors(root)
  expect(uncatalogued(thrown)).toEqual({ missing: [], stale: [] })
  expect(readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8')).toBe(renderCatalogue(thrown))
})

test('an error nobody wrote a cause for is missed, and one of kind bug is not', () => {
  const of = (kind: string) => ({ at: 'src/a.ts:1', kind, message: 'Quite new.', stands: undefined, next: undefined })
  expect(uncatalogued([of('ssh'), of('bug')]).missing).toEqual([of('ssh')])
  expect(uncatalogued([]).stale).not.toEqual([])
})

test('errors are found as they are made: directly, as a refusal, by a choice', () => {
  expect(
    thrownIn(`
      throw new StackError('ssh', \`\${node} is off\`, { stands: 'All else.', next: 'Start it.' })
      const list = [{ kind: 'input', subject: 'name', what: bad ? 'is bad' : 'is worse', next: 'Change it.' }]
      const other = { kind: 'input', what: 'no refusal' }
    `),
  ).toEqual([
    { kind: 'ssh', message: '… is off', stands: 'All else.', next: 'Start it.' },
    { kind: 'input', message: 'name: is bad', stands: 'Nothing was changed.', next: 'Change it.' },
    { kind: 'input', message: 'name: is worse', stands: 'Nothing was changed.', next: 'Change it.' },
  ])
})

test('what a function is given by each of its calls makes an error of each', () => {
  const found = thrownIn(`
    const refuse = (subject: string, what: string) => [{ kind: 'preflight', subject, what: \`\${what}.\`, next: NEXT }]
    const NEXT = 'Run again.'
    refuse('disk', 'full')
    refuse(name, \`\${port} in use\`)
    function lost(why: string) { return new StackError('lease', \`lost: \${why}\`) }
    lost('late')
  `)
  expect(found.map(({ message, next }) => [message, next])).toEqual([
    ['disk: full.', 'Run again.'],
    ['…: … in use.', 'Run again.'],
    ['lost: late', undefined],
  ])
})
