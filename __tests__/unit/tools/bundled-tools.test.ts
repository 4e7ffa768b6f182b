import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createTools } from '../../../src/tools/tools.ts'
import { tries } from '../remedies/tries.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

let root: string
let bundle: string
let manifest: Record<string, unknown>

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundle-'))
  bundle = join(root, 'bundle-1')
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(bundle, file)), { recursive: true })
    writeFileSync(join(bundle, file), text)
    return { file, sha256: sha256(text) }
  }
  manifest = {
    format: 1,
    tools: [{ name: 'rke', version: 'v1.8.5', ...put('tools/rke/v1.8.5/rke_linux-amd64', '#!/bin/sh\necho rke\n') }],
    images: [
      { ...put('images/rke.tar', 'layers'), names: ['rancher/hyperkube:v1'], for: 'rke', kubernetes: 'v1.32.6' },
      { ...put('images/rancher.tar', 'others'), names: ['rancher/rancher:v2'], for: 'rancher' },
    ],
    charts: [{ name: 'rancher', version: '2.11.3', ...put('charts/rancher-2.11.3.tgz', 'chart') }],
  }
  writeManifest()
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const writeManifest = () => writeFileSync(join(bundle, 'bundle.json'), JSON.stringify(manifest))

function tools(path = bundle, rkeVersion?: string) {
  const settings = { bundle: path, mirror: 'http://127.0.0.1:1', rkeVersion, helmVersion: undefined }
  return createTools(settings, { folder: join(root, 'run'), log: () => undefined, arch: 'x64', cache: false })
}

test('a tool of the bundle is checked and can be run', async () => {
  expect(execFileSync(await tools().rke(), { encoding: 'utf8' })).toBe('rke\n')
})

test('what preflight has checked is unpacked only when it is used', async () => {
  const both = tools()
  await both.preflight()
  expect(existsSync(join(root, 'run', 'tools'))).toBe(false)
  expect((await both.rke()).startsWith(join(root, 'run', 'tools'))).toBe(true)
})

test('a bundle packed as a tar works alike', async () => {
  execFileSync('tar', ['-czf', join(root, 'bundle.tar.gz'), '-C', bundle, '.'])
  const packed = tools(join(root, 'bundle.tar.gz'))
  expect(execFileSync(await packed.rke(), { encoding: 'utf8' })).toBe('rke\n')
  expect((await packed.images('rancher')).map(({ file }) => file)).toEqual([
    join(root, 'run', 'bundle', 'images/rancher.tar'),
  ])
})

test('etcd brings its own tool with it, from one archive as it is released', async () => {
  const name = 'etcd-v3.5.21-linux-amd64'
  mkdirSync(join(root, name))
  for (const program of ['etcd', 'etcdutl', 'README.md']) {
    writeFileSync(join(root, name, program), `#!/bin/sh\necho ${program}\n`, { mode: 0o755 })
  }
  const file = `tools/etcd/v3.5.21/${name}.tar.gz`
  mkdirSync(dirname(join(bundle, file)), { recursive: true })
  execFileSync('tar', ['-czf', join(bundle, file), '-C', root, name])
  const digest = createHash('sha256')
    .update(readFileSync(join(bundle, file)))
    .digest('hex')
  const listed = manifest['tools'] as unknown[]
  await expect(tools().etcd()).rejects.toThrow('airgap-bundle: expected etcd v3.5.21 for amd64, got none')
  manifest['tools'] = [...listed, { name: 'etcd', version: 'v3.5.21', file, sha256: digest }]
  writeManifest()
  const { etcd, etcdutl } = await tools().etcd()
  expect([etcd, etcdutl].map((path) => execFileSync(path, { encoding: 'utf8' }))).toEqual(['etcd\n', 'etcdutl\n'])
})

test('charts are found by name and version, however it is written', async () => {
  const file = join(bundle, 'charts/rancher-2.11.3.tgz')
  expect(await tools().findChart('rancher', 'v2.11.3')).toBe(file)
  expect(await tools().findChart('rancher', '2.11.4')).toBeUndefined()
  writeFileSync(file, 'another chart')
  await expect(tools().findChart('rancher', '2.11.3')).rejects.toMatchObject({ kind: 'preflight', retry: false })
})

test('images are listed by who needs them', async () => {
  expect((await tools().images()).length).toBe(2)
  const planes = await tools().images('rke')
  expect(planes.map(({ names, kubernetes }) => [names, kubernetes])).toEqual([[['rancher/hyperkube:v1'], 'v1.32.6']])
})

test('preflight tells at once what the bundle lacks and what is not what it says', async () => {
  writeFileSync(join(bundle, 'tools/rke/v1.8.5/rke_linux-amd64'), 'another rke')
  rmSync(join(bundle, 'images/rke.tar'))
  const refusals = await tools().preflight()
  expect(refusals.map(({ what }) => what)).toEqual([
    expect.stringContaining('airgap-bundle, rke v1.8.5: expected SHA-256'),
    'airgap-bundle: expected helm v3.18.6 for amd64, got none.',
    expect.stringContaining('images/rke.tar are missing'),
  ])
})

test('a version the bundle does not have is refused with those it has', async () => {
  await expect(tools(bundle, 'v1.7.0').rke()).rejects.toThrow(
    'expected rke v1.7.0 for amd64, got v1.8.5 (rke_linux-amd64)',
  )
})

test.each([
  ['another format', { format: 2 }, 'format'],
  [
    'a file outside of it',
    { charts: [{ name: 'x', version: '1', file: '../x', sha256: sha256('') }] },
    'must lie in the bundle',
  ],
  ['no digest', { charts: [{ name: 'x', version: '1', file: 'x', sha256: '' }] }, 'must be a SHA-256 digest'],
])('a manifest with %s is refused, once', async (_name, change, words) => {
  manifest = { ...manifest, ...change }
  writeManifest()
  const refusals = await tools().preflight()
  expect(refusals).toHaveLength(1)
  expect(refusals[0]?.what).toContain(words)
})

test.each(['missing', 'bundle-1/bundle.json', 'bundle-1/tools'])('what is no bundle (%s) is refused', async (path) => {
  await expect(tools(join(root, path)).rke()).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringContaining('is no bundle'),
  })
})

const archived = () => join(bundle, 'images/rke.tar')

tries('preflight', [
  [
    'Ask for the version the bundle has (…-version), or give a bundle that has this one.',
    () => tools(bundle, 'v1.7.0').rke(),
    () => tools(bundle, 'v1.8.5').rke(),
    () => {
      manifest['tools'] = [{ ...(manifest['tools'] as object[])[0], version: 'v1.7.0' }]
      writeManifest()
      return tools(bundle, 'v1.7.0').rke()
    },
  ],
  [
    'Give the directory or tar that was built as a bundle.',
    () => tools(join(bundle, 'tools')).rke(),
    () => tools(bundle).rke(),
  ],
  [
    'Give the bundle as it was built.',
    async () => {
      rmSync(archived())
      return (await tools().preflight()).filter(({ what }) => what.includes('images'))
    },
    async () => {
      writeFileSync(archived(), 'layers')
      return (await tools().preflight()).filter(({ what }) => what.includes('images'))
    },
  ],
])
