import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { closeKept } from '../../src/closers.ts'

test('the folder of a killed run is removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rancher-ha-'))
  expect(await closeKept({ 'STATE_close-folder': folder })).toEqual({ done: [], problems: [] })
  expect(existsSync(folder)).toBe(false)
})

test('a folder that is not a run’s is not touched, and nothing is thrown', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'precious-'))
  const { problems } = await closeKept({ 'STATE_close-folder': folder })
  expect(problems).toEqual([`folder: ${folder} is not the folder of a run`])
  expect(existsSync(folder)).toBe(true)
  rmSync(folder, { recursive: true })
})

test('where nothing was kept there is nothing to do', async () => {
  expect(await closeKept({})).toEqual({ done: [], problems: [] })
})
