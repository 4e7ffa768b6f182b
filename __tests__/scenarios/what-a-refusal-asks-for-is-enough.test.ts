import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FileServer } from '../fakes/file-server.ts'
import { makeDisk } from '../runner/disk.ts'
import { type RunOptions, runAction } from '../runner/runner.ts'
import { installInputs } from './inputs.ts'
import { startMirror, VERSIONS } from './mirror.ts'

let mirror: FileServer
beforeAll(async () => {
  mirror = await startMirror()
})
afterAll(async () => await mirror[Symbol.asyncDispose]())

/** Closed ports of the loopback: what nothing is wrong with gets as far as these machines, and no further. */
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => `nobody@${address}:1`).join('\n')

async function ends(inputs: Record<string, string>, options: RunOptions = {}) {
  await using disk = await makeDisk()
  const whole = installInputs({ hosts: HOSTS, 'tool-mirror': mirror.url, ...VERSIONS, ...inputs })
  const run = await runAction(whole, { label: 'mended', disk, ...options })
  expect(run.exitCode).toBe(1)
  return { error: run.errors.join('\n'), kind: run.outputs['error-kind'] }
}

type Case = [way: string, wrong: Record<string, string>, mended: Record<string, string>]

const cases: Case[] = [
  ['Correct the inputs and run again.', { 'node-count': '4' }, { 'node-count': '3' }],
  ['Set mode to one of ….', { mode: 'instal' }, { mode: 'install' }],
  [
    'Set kubernetes-version to one of ….',
    { 'kubernetes-version': 'v1.32.99', 'rke-version': '' },
    { 'kubernetes-version': 'v1.32.6' },
  ],
  [
    'Set rancher-version to … (the tested set), or choose another distribution.',
    { 'rancher-version': '2.12.0' },
    { 'rancher-version': '2.11.3' },
  ],
  [
    'Set rancher-version to one of these minors, for example ….',
    { 'rancher-version': '9.9.9' },
    { 'rancher-version': '2.11.3' },
  ],
  [
    'Set kubernetes-version to one of … to …….',
    { 'rancher-version': '2.10.3', 'kubernetes-version': 'v1.32.6' },
    { 'rancher-version': '2.10.3', 'kubernetes-version': 'v1.31.10' },
  ],
  [
    'Set helm-version to one of ….',
    { 'helm-version': '3.21.0', 'kubernetes-version': 'v1.32.6' },
    { 'helm-version': VERSIONS['helm-version'], 'kubernetes-version': 'v1.32.6' },
  ],
  [
    'Set cert-manager-version to one of ….',
    { 'cert-manager-version': '1.21.0', 'kubernetes-version': 'v1.32.6' },
    { 'cert-manager-version': '1.18.2', 'kubernetes-version': 'v1.32.6' },
  ],
]

test.each(cases)('%s', async (way, wrong, mended) => {
  const refused = await ends(wrong)
  expect(refused).toMatchObject({ kind: 'input', error: expect.stringMatching(sentence(way)) })
  const after = await ends(mended)
  expect(after.kind).toBe('ssh')
  expect(after.error).toContain('node-1: cannot be reached')
  expect(after.error).not.toMatch(sentence(way))
})

test('Leave out what this version does not have.', async () => {
  const refused = await ends({}, { env: { 'INPUT_HTTP-PROXY': 'http://a:3128' } })
  expect(refused).toMatchObject({ kind: 'input', error: expect.stringContaining('Leave out what this version') })
  expect(await ends({})).toMatchObject({ kind: 'ssh' })
})

test('Check the network, http-proxy and tool-mirror.', async () => {
  const closed = await startMirror()
  await closed[Symbol.asyncDispose]()
  const refused = await ends({ 'tool-mirror': closed.url }, { env: { NODE_OPTIONS: `--import=${HURRY}` } })
  expect(refused.error).toContain('Check the network, http-proxy and tool-mirror.')
  const after = await ends({ 'tool-mirror': mirror.url })
  expect(after).toMatchObject({ kind: 'ssh', error: expect.not.stringContaining('tools: ') })
})

test('Install OpenSSH on the machine this runs on (Debian: openssh-client).', async () => {
  await using disk = await makeDisk()
  const bare = join(disk.root, 'bin')
  mkdirSync(bare)
  for (const program of ['sh', 'tar', 'gzip']) symlinkSync(`/bin/${program}`, join(bare, program))
  const refused = await ends({}, { env: { PATH: bare } })
  expect(refused).toMatchObject({ kind: 'preflight', error: expect.stringContaining('(Debian: openssh-client)') })
  symlinkSync('/usr/bin/ssh', join(bare, 'ssh'))
  const after = await ends({}, { env: { PATH: bare } })
  expect(after).toMatchObject({ kind: 'ssh', error: expect.stringContaining('node-1: cannot be reached') })
})

/** The download library's own knob: its pauses between attempts are 10 to 20 s. */
const HURRY = `data:text/javascript,${encodeURIComponent(
  'Object.assign(globalThis, { TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS: 0, TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS: 0 })',
)}`

/** "…" is whatever is known only when it happens. */
function sentence(way: string): RegExp {
  return new RegExp(
    way
      .split('…')
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*'),
  )
}
