import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { StackError } from '../../../../src/errors.ts'
import { hostsMark } from '../../../../src/infrastructure/local/hosts-file.ts'
import { thisRunner } from '../../../../src/infrastructure/local/runner.ts'
import { tries } from '../../remedies/tries.ts'

const forever = new AbortController().signal
let folder: string
let locks: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-'))
  locks = await mkdtemp(join(tmpdir(), 'locks-'))
  file = join(folder, 'hosts')
  await writeFile(file, '127.0.0.1 localhost\n')
})
afterEach(async () => {
  for (const each of [folder, locks]) await rm(each, { recursive: true })
})

test('two stacks that write at once both stand in the file, and nothing else is left', async () => {
  const entries = ['a', 'b', 'c'].map((name) => ({
    mark: hostsMark({ owner: '1', name }),
    entry: { address: '10.77.4.10', hostname: `${name}.example.test` },
  }))
  await Promise.all(entries.map(({ mark, entry }) => thisRunner(file, locks).writeHosts(mark, entry, forever)))
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(lines[0]).toBe('127.0.0.1 localhost')
  expect(lines.slice(1).sort()).toEqual(entries.map(({ mark, entry }) => `${entry.address} ${entry.hostname} ${mark}`))
  expect(await readdir(folder)).toEqual(['hosts'])

  await Promise.all(entries.map(({ mark }) => thisRunner(file, locks).writeHosts(mark, undefined, forever)))
  expect(await readFile(file, 'utf8')).toBe('127.0.0.1 localhost\n')
  expect((await stat(file)).mode & 0o777).toBe(0o644)
})

test('routes of this machine are networks, without the default one', async () => {
  for (const route of await thisRunner().routes()) expect(route).toMatch(/^\d+\.\d+\.\d+\.\d+(\/\d+)?$/)
})

const WRITE = fileURLToPath(new URL('write-hosts.ts', import.meta.url))
const ASKS = '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n'

/** As a user who is not root, and whose `sudo` is this script, if there is one. @throws StackError as that user is told */
async function writesAsUser(sudo?: string): Promise<void> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const program of ['cat', 'flock', 'sh']) await symlink(`/usr/bin/${program}`, join(bin, program))
  if (sudo !== undefined) await writeFile(join(bin, 'sudo'), sudo, { mode: 0o755 })
  await chmod(folder, 0o755)
  await chmod(locks, 0o777)
  const args = ['--no-warnings', WRITE, file, locks]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: bin } })
  if (stdout === '') return
  const { kind, message, next } = JSON.parse(stdout) as StackError
  throw new StackError(kind, message, { next: String(next) })
}

tries('preflight', [
  [
    'Let the runner be root, or let it use sudo without a password.',
    () => writesAsUser(ASKS),
    // Whoever runs the tests is one of both.
    () => thisRunner(file, locks).writeHosts('# a stack', { address: '10.77.4.10', hostname: 'a.test' }, forever),
  ],
])

test.each([
  ['asks for a password', ASKS],
  ['is not there', undefined],
])('a runner that is not root and whose sudo %s is told, and the file stays as it is', async (_, sudo) => {
  await expect(writesAsUser(sudo)).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringMatching(/hosts could not be written.*sudo/),
  })
  expect(await readFile(file, 'utf8')).toBe('127.0.0.1 localhost\n')
})
