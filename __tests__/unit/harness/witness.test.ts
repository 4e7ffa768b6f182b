import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { makeDisk } from '../../runner/disk.ts'
import { runAction } from '../../runner/runner.ts'
import { watched } from '../../runner/witness.ts'

const touches: [string, string, string | RegExp][] = [
  [
    'a name looked up',
    `await import('node:dns').then((dns) => dns.promises.lookup('x.test')).catch(() => {})`,
    'name x.test',
  ],
  ['a socket', `await fetch('http://127.0.0.1:4999').catch(() => {})`, 'tcp socket'],
  [
    'a file in the temp folder',
    `(await import('node:fs')).writeFileSync(process.env.RUNNER_TEMP + '/k', '')`,
    /temp\/k$/,
  ],
]

test.each(touches)('%s is seen', async (_, script, seen) => {
  const { touched } = await run(script)
  expect(touched).toContainEqual(expect.stringMatching(seen))
})

test.each([
  ['a file elsewhere', `(await import('node:fs')).writeFileSync(process.env.HOME + '/k', '')`],
  ['a process', `(await import('node:child_process')).execFileSync('true')`],
])('%s is refused by node itself', async (_, script) => {
  const { exitCode, log } = await run(script)
  expect({ exitCode, log }).toEqual({ exitCode: 1, log: expect.stringContaining('ERR_ACCESS_DENIED') })
})

test('a script that does nothing touches nothing', async () => {
  expect(await run('')).toMatchObject({ exitCode: 0, touched: [] })
})

async function run(script: string) {
  const action = mkdtempSync(join(tmpdir(), 'action-'))
  await using disk = await makeDisk()
  try {
    writeFileSync(join(action, 'action.yml'), 'runs: { using: node24, main: main.mjs }\n')
    writeFileSync(join(action, 'main.mjs'), script)
    const { touched, ...options } = watched(disk)
    const result = await runAction({}, { ...options, action, label: 'witness' })
    return { exitCode: result.exitCode, touched: touched(), log: result.lines.join('\n') }
  } finally {
    rmSync(action, { recursive: true, force: true })
  }
}
