import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { startActionsServices } from '../../lab/standin/actions-services/server.ts'
import { createKeptFiles } from '../../src/tools/kept-files.ts'
import { locateRelease, type Tool } from '../../src/tools/release.ts'
import { type Disk, makeDisk } from '../runner/disk.ts'
import { ARCH, forget, keptFiles, PATHS, preflight, RKE, sha256, startMirror, VERSIONS } from './mirror.ts'

const environment = { ...process.env }
afterEach(() => {
  process.env = environment
})

test('an entry of the Actions cache with other bytes is thrown away, and the release is downloaded', async () => {
  await using services = await startActionsServices()
  await using mirror = await startMirror()
  await using disk = await makeDisk()
  await poison(disk, services.env)
  forget(disk)
  const run = await preflight(mirror.url, { disk, label: 'poisoned', env: services.env })
  expect(run.lines.join('\n')).toMatch(/the Actions cache's rke_linux-\w+ is not the released file .*: thrown away/)
  expect(run.summary).toMatch(/rke v1\.7\.9 .* from the mirror/)
  expect(mirror.requests).toContain(PATHS.rke)
  expect(keptFiles(disk).join('\n')).toContain('rke_linux')
  expect(run.errors.join('\n')).not.toContain('tools: ')
})

/** Somebody who may write the cache puts another program under the key of the real one. */
async function poison({ toolCache, temp, workspace }: Disk, env: Record<string, string>): Promise<void> {
  process.env = { ...environment, ...env, RUNNER_TEMP: temp, RUNNER_TOOL_CACHE: toolCache, GITHUB_WORKSPACE: workspace }
  const tool: Tool = { name: 'rke', version: `v${VERSIONS['rke-version']}`, arch: ARCH }
  const release = locateRelease(tool, undefined)
  const files = createKeptFiles(tool, release, { toolCache, sha256: sha256(RKE), log: () => {} })
  const staged = await files.stage()
  writeFileSync(staged, 'another program')
  expect(staged).toBe(join(toolCache, 'rancher-ha-staged', staged.split('/').at(-2) ?? '', release.file))
  await files.keep(staged, { share: true })
}
