import { expect, test } from '@jest/globals'
import { startActionsServices } from '../../lab/standin/actions-services/server.ts'
import { makeDisk } from '../runner/disk.ts'
import { forget, keptFiles, PATHS, preflight, startMirror } from './mirror.ts'

test('what one runner has downloaded another gets from the Actions cache, and a third time from its own', async () => {
  await using services = await startActionsServices()
  await using mirror = await startMirror()
  await using disk = await makeDisk()
  const run = async (label: string) => {
    const ran = await preflight(mirror.url, { disk, label, env: services.env })
    expect(ran.errors.join('\n')).not.toContain('tools: ')
    return ran
  }
  const downloads = () => mirror.requests.filter((path) => path === PATHS.rke || path === PATHS.helm)

  expect((await run('cache-saves')).summary).toMatch(
    /rke v1\.7\.9 .* from the mirror, checked by the published checksum/,
  )
  expect(downloads().toSorted()).toEqual([PATHS.helm, PATHS.rke])
  forget(disk)
  expect((await run('cache-restores')).summary).toMatch(/rke v1\.7\.9 .* from the Actions cache/)
  expect((await run('cache-here')).summary).toMatch(/rke v1\.7\.9 .* from the tool cache/)
  expect(downloads()).toHaveLength(2)
  expect(keptFiles(disk).filter((file) => !file.endsWith('.complete'))).toHaveLength(2)
})
