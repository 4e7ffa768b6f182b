import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { startActionsServices } from '../../../lab/standin/actions-services/server.ts'
import { createKeptFiles } from '../../../src/tools/kept-files.ts'
import { locateRelease, type Tool } from '../../../src/tools/release.ts'
import { createTools } from '../../../src/tools/tools.ts'
import { type FileServer, startFileServer } from '../../fakes/file-server.ts'
import { tries } from '../remedies/tries.ts'

jest.setTimeout(60_000)

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const rke = randomBytes(1 << 18)
const FILE = '/rke/v1.7.9/rke_linux-amd64'
const SUMS = '/rke/v1.7.9/sha256sum.txt'

let mirror: FileServer
let root: string
let log: string[]
const environment = { ...process.env }

beforeEach(async () => {
  mirror = await startFileServer()
  root = mkdtempSync(join(tmpdir(), 'tools-'))
  log = []
  for (const name of ['cache', 'temp', 'workspace']) mkdirSync(join(root, name))
  process.env['RUNNER_TOOL_CACHE'] = join(root, 'cache')
  process.env['RUNNER_TEMP'] = join(root, 'temp')
  process.env['GITHUB_WORKSPACE'] = join(root, 'workspace')
  // The library's own knob: its pauses between attempts are 10 to 20 s.
  Object.assign(globalThis, { TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS: 0, TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS: 0 })
  mirror.files.set(FILE, [rke])
  mirror.files.set(SUMS, [`${'0'.repeat(64)}  rke_linux-arm64\n${sha256(rke)}  rke_linux-amd64\n`])
})

afterEach(async () => {
  process.env = { ...environment }
  await mirror[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

let runs = 0
function newRun(given: { rkeVersion?: string; helmVersion?: string; arch?: string } = {}) {
  const { rkeVersion = 'v1.7.9', helmVersion, arch = 'x64' } = given
  const settings = { bundle: undefined, mirror: mirror.url, rkeVersion, helmVersion }
  runs += 1
  const options = { folder: join(root, `run-${runs}`), log: (line: string) => log.push(line), arch }
  return createTools(settings, options)
}

const kept = () => join(root, 'cache', 'rancher-ha-rke', '1.7.9', 'amd64', 'rke_linux-amd64')

test('a tool is downloaded, checked, kept, and hashed again before it is used from there', async () => {
  const first = newRun()
  const path = await first.rke()
  expect(readFileSync(path).equals(rke)).toBe(true)
  expect(statSync(path).mode & 0o111).toBe(0o111)
  expect(first.origins()).toEqual(['rke v1.7.9 (amd64) from the mirror, checked by the published checksum file'])
  const second = newRun()
  await second.rke()
  expect(second.origins()).toEqual(['rke v1.7.9 (amd64) from the tool cache, checked by the published checksum file'])
  expect(mirror.requests.filter((asked) => asked === FILE)).toHaveLength(1)
})

test('a wrong checksum is fatal, not tried again, and leaves nothing behind', async () => {
  mirror.files.set(FILE, [randomBytes(1000)])
  await expect(newRun().rke()).rejects.toMatchObject({
    kind: 'preflight',
    retry: false,
    message: expect.stringContaining(`expected SHA-256 ${sha256(rke)}, got `),
  })
  expect(mirror.requests).toEqual([SUMS, FILE])
  expect(filesBelow(join(root, 'cache'))).toEqual([])
  expect(
    filesBelow(join(root, `run-${runs}`)).filter(
      (file) => file.includes('rke_linux-amd64') && !file.includes('checksums'),
    ),
  ).toEqual([])
})

test('a server that is overloaded twice is asked a third time', async () => {
  mirror.files.set(FILE, [{ status: 503 }, { status: 503 }, rke])
  expect(readFileSync(await newRun().rke()).equals(rke)).toBe(true)
})

test('a server that stays overloaded is given up, as worth another run', async () => {
  mirror.files.set(FILE, [{ status: 503 }])
  await expect(newRun().rke()).rejects.toMatchObject({
    kind: 'preflight',
    retry: true,
    message: expect.stringContaining('HTTP status 503'),
  })
  expect(mirror.requests.filter((asked) => asked === FILE)).toHaveLength(3)
})

test('a download that breaks off is made again', async () => {
  mirror.files.set(FILE, [{ truncated: rke.subarray(0, 1000) }, rke])
  expect(readFileSync(await newRun().rke()).equals(rke)).toBe(true)
})

test('without a published checksum nothing is downloaded', async () => {
  mirror.files.delete(SUMS)
  await expect(newRun().rke()).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringMatching(/sha256sum\.txt .*HTTP status 404/),
  })
  mirror.files.set(SUMS, ['<html>not found</html>'])
  await expect(newRun().rke()).rejects.toThrow('gives no SHA-256 for rke_linux-amd64')
  expect(mirror.requests).not.toContain(FILE)
})

test('a file somebody changed in the tool cache is thrown away and downloaded again', async () => {
  await newRun().rke()
  writeFileSync(kept(), 'poison')
  const tools = newRun()
  expect(readFileSync(await tools.rke()).equals(rke)).toBe(true)
  expect(tools.origins()).toEqual([expect.stringContaining('from the mirror')])
  expect(log.join('\n')).toContain('thrown away')
  expect(readFileSync(kept()).equals(rke)).toBe(true)
})

test('another runner gets the file from the Actions cache', async () => {
  await using services = await startActionsServices()
  Object.assign(process.env, services.env)
  await newRun().rke()
  forgetRunner()
  const tools = newRun()
  expect(readFileSync(await tools.rke()).equals(rke)).toBe(true)
  expect(tools.origins()).toEqual([expect.stringContaining('from the Actions cache')])
  expect(mirror.requests.filter((asked) => asked === FILE)).toHaveLength(1)
})

test('a poisoned entry of the Actions cache is not used', async () => {
  await using services = await startActionsServices()
  Object.assign(process.env, services.env)
  const tool: Tool = { name: 'rke', version: 'v1.7.9', arch: 'amd64' }
  const toolCache = join(root, 'cache')
  const files = createKeptFiles(tool, locateRelease(tool, undefined), {
    toolCache,
    sha256: sha256(rke),
    log: () => undefined,
  })
  const staged = await files.stage()
  writeFileSync(staged, 'poison')
  await files.keep(staged, { share: true })
  forgetRunner()
  const tools = newRun()
  expect(readFileSync(await tools.rke()).equals(rke)).toBe(true)
  expect(tools.origins()).toEqual([expect.stringContaining('from the mirror')])
  expect(log.join('\n')).toContain("the Actions cache's rke_linux-amd64 is not the released file")
})

test('an Actions cache that fails is passed by', async () => {
  await using services = await startActionsServices()
  Object.assign(process.env, services.env)
  services.faults.push(
    { operation: 'GetCacheEntryDownloadURL', status: 400 },
    { operation: 'CreateCacheEntry', status: 400 },
  )
  expect(readFileSync(await newRun().rke()).equals(rke)).toBe(true)
})

test('helm comes out of its archive', async () => {
  const folder = join(root, 'pack')
  mkdirSync(join(folder, 'linux-arm64'), { recursive: true })
  writeFileSync(join(folder, 'linux-arm64', 'helm'), '#!/bin/sh\necho helm\n', { mode: 0o755 })
  execFileSync('tar', ['-czf', join(folder, 'a.tgz'), '-C', folder, 'linux-arm64'])
  const archive = readFileSync(join(folder, 'a.tgz'))
  const name = 'helm-v3.17.0-linux-arm64.tar.gz'
  mirror.files.set(`/helm/${name}`, [archive])
  mirror.files.set(`/helm/${name}.sha256sum`, [`${sha256(archive)}  ${name}\n`])
  const helm = await newRun({ helmVersion: '3.17.0', arch: 'arm64' }).helm()
  expect(execFileSync(helm, { encoding: 'utf8' })).toBe('helm\n')
})

test('a tested helm from a mirror is checked by the digest in the source', async () => {
  mirror.files.set('/helm/helm-v3.18.6-linux-amd64.tar.gz', ['another helm'])
  await expect(newRun({ helmVersion: 'v3.18.6' }).helm()).rejects.toThrow('expected SHA-256 3f43c0aa')
})

test('preflight tells all that is missing at once', async () => {
  mirror.files.clear()
  const refusals = await newRun({ helmVersion: 'v3.17.0' }).preflight()
  expect(refusals.map(({ kind, what }) => [kind, what])).toEqual([
    ['preflight', expect.stringContaining('sha256sum.txt could not be downloaded')],
    ['preflight', expect.stringContaining('helm-v3.17.0-linux-amd64.tar.gz.sha256sum could not be downloaded')],
  ])
  expect(await newRun({ arch: 's390x' }).preflight()).toEqual([
    expect.objectContaining({ what: 'rke is released for amd64 and arm64, and this machine is s390x.' }),
    expect.objectContaining({ what: 'helm is released for amd64 and arm64, and this machine is s390x.' }),
  ])
})

/** The next job lands on another machine of the same kind. */
function forgetRunner(): void {
  rmSync(join(root, 'cache'), { recursive: true })
  mkdirSync(join(root, 'cache'))
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

const serves =
  (make: () => void, given: Parameters<typeof newRun>[0] = {}) =>
  () => {
    make()
    return newRun(given).rke()
  }
const genuine = () => {
  mirror.files.set(FILE, [rke])
  mirror.files.set(SUMS, [`${sha256(rke)}  rke_linux-amd64\n`])
}

tries('preflight', [
  [
    'Ask for another version, or give a mirror or bundle that has it.',
    serves(() => mirror.files.set(SUMS, ['<html>not found</html>'])),
    serves(
      () => {
        mirror.files.set('/rke/v1.7.8/rke_linux-amd64', [rke])
        mirror.files.set('/rke/v1.7.8/sha256sum.txt', [`${sha256(rke)}  rke_linux-amd64\n`])
      },
      { rkeVersion: 'v1.7.8' },
    ),
    serves(genuine),
  ],
  ['Check the version that was asked for.', serves(() => {}, { rkeVersion: 'v1.7.99' }), serves(() => {})],
  [
    'Check the network, http-proxy and tool-mirror.',
    serves(() => mirror.files.set(FILE, [{ status: 503 }])),
    serves(genuine),
  ],
  [
    'Find out who changed the file; a mirror or a bundle may be damaged.',
    serves(() => mirror.files.set(FILE, [randomBytes(1000)])),
    serves(genuine),
  ],
  ['Run on an amd64 or arm64 machine.', serves(() => {}, { arch: 's390x' }), serves(() => {}, { arch: 'x64' })],
])
