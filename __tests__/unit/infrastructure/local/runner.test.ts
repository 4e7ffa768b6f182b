import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { hostsMark } from '../../../../src/infrastructure/local/hosts-file.ts'
import { thisRunner } from '../../../../src/infrastructure/local/runner.ts'

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
