import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { loadImages, missingImages } from '../../../../src/kubernetes/rke/load-images.ts'
import { fakeHost } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { archiveIn } from './world.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archives-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const { signal } = new AbortController()

/** An archive of the bundle, and the digest the bundle gives for it. */
function archive(name: string, content = name) {
  const image = archiveIn(folder, name)
  writeFileSync(image.file, content)
  return image
}

function host(name: string) {
  return fakeHost({
    name,
    address: '10.0.0.1',
    port: 22,
    privateAddress: '10.0.0.1',
    user: 'u',
    state: 'running',
    hostKeys: [],
  }).answers('docker load', '')
}

const loaded = (node: ReturnType<typeof host>) =>
  node.received.flatMap((one) => ('command' in one ? [one.command.split(' < ')[1]] : []))

test('every archive that has its digest is loaded, on each node', async () => {
  const archives = [archive('kubernetes'), archive('rancher')]
  for (const node of [host('node-1'), host('node-2')]) {
    await loadImages(node, archives, signal)
    expect(loaded(node)).toEqual(archives.map(({ file }) => file))
  }
})

test.each([0, 1, 2])('archive %i that was changed is loaded on no node, nor is one after it', async (changed) => {
  const archives = ['kubernetes', 'ingress', 'rancher'].map((name, at) =>
    archive(name, at === changed ? 'another image' : name),
  )
  for (const node of [host('node-1'), host('node-2')]) {
    await expect(loadImages(node, archives, signal)).rejects.toMatchObject({
      kind: 'preflight',
      message: expect.stringMatching(/expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}/),
      stands: 'It was loaded on no node.',
    })
    expect(loaded(node)).toEqual(archives.slice(0, changed).map(({ file }) => file))
  }
})

test('an archive is missing where one of its images is, whatever Docker calls the library', () => {
  const [kubernetes, rancher] = [archive('kubernetes'), archive('rancher')]
  expect(missingImages([kubernetes, rancher], ['docker.io/library/kubernetes:1'])).toEqual([rancher])
  expect(missingImages([kubernetes, rancher], ['kubernetes:1', 'rancher:1'])).toEqual([])
})

tries('preflight', [
  [
    'Make the air-gap bundle again.',
    () => loadImages(host('node-1'), [archive('kubernetes', 'another image')], signal),
    () => loadImages(host('node-1'), [archive('made-again')], signal),
  ],
])
