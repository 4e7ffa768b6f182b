import { expect, test } from '@jest/globals'
import { makeDisk } from '../runner/disk.ts'
import { keptFiles, PATHS, preflight, startMirror } from './mirror.ts'

test('a file that has not the published checksum is asked for once, told, and kept nowhere', async () => {
  await using mirror = await startMirror()
  mirror.files.set(PATHS.rke, ['another program'])
  await using disk = await makeDisk()
  const run = await preflight(mirror.url, { disk, label: 'wrong-checksum' })
  const error = run.errors.join('\n')
  expect(error).toMatch(/tools: \S*\/rke_linux-\w+: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}\./)
  expect(error).not.toMatch(/tools: \S*helm/)
  expect(run).toMatchObject({ exitCode: 1, outputs: { 'error-kind': 'preflight' } })
  expect(mirror.requests.filter((path) => path === PATHS.rke)).toHaveLength(1)
  expect(keptFiles(disk).filter((file) => file.includes('rke_linux'))).toEqual([])
})
