import { expect, test } from '@jest/globals'
import { makeDisk } from '../runner/disk.ts'
import { keptFiles, preflight, startMirror } from './mirror.ts'

test('an unreachable mirror is told together with machines that do not answer, and nothing is kept', async () => {
  const mirror = await startMirror()
  await mirror[Symbol.asyncDispose]()
  await using disk = await makeDisk()
  const run = await preflight(mirror.url, { disk, label: 'no-mirror' })
  const error = run.errors.join('\n')
  for (const file of ['sha256sum.txt', '.tar.gz.sha256sum']) {
    expect(error).toMatch(new RegExp(`tools: ${mirror.url}\\S*${file} could not be downloaded: .*ECONNREFUSED`))
  }
  for (const node of ['node-1', 'node-2', 'node-3']) expect(error).toContain(`${node}: cannot be reached`)
  expect(error).toContain('Check the network, http-proxy and tool-mirror.')
  expect(run).toMatchObject({ exitCode: 1, outputs: { 'error-kind': 'preflight' }, leftovers: [] })
  expect(keptFiles(disk)).toEqual([])
})
