import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packSnapshot } from '../../../src/snapshots/pack.ts'
import { SEAL_BYTES } from '../../../src/snapshots/seal.ts'
import type { Manifest } from '../../../src/snapshots/snapshot.ts'
import { STACK, scratch, signer, UID } from './make.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

function manifestOf(archive: Buffer, sha256 = createHash('sha256').update(archive).digest('hex')): Manifest {
  return {
    format: 1,
    name: 'x',
    stack: STACK,
    run: { id: '1', attempt: 1 },
    takenAt: new Date(0),
    clusterUid: UID,
    hostname: '',
    caFingerprint: '',
    distribution: { name: 'rke', snapshot: 'x' },
    versions: { kubernetes: undefined, rancher: undefined, chart: undefined },
    nodes: [],
    members: [],
    etcd: { revision: 1, keys: 1, sizeBytes: 1, kinds: {} },
    asked: undefined,
    verified: 'hash',
    doubt: undefined,
    parts: [{ role: 'distribution', file: 'x.zip', sizeBytes: archive.length, sha256 }],
  }
}

function written(bytes: Buffer): string {
  const path = join(folder.path, 'x.zip')
  writeFileSync(path, bytes)
  return path
}

test('of any size: whole blocks, and the seal behind them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3000 }), async (size) => {
      const archive = randomBytes(size)
      let length = 0
      const packed = packSnapshot(manifestOf(archive), { distribution: written(archive) }, signer)
      for await (const chunk of packed) length += chunk.length
      expect(length % 512).toBe(0)
      expect(length).toBeGreaterThan(size + SEAL_BYTES)
    }),
    { numRuns: 40 },
  )
})

test.each([
  ['grew', Buffer.alloc(2000), Buffer.alloc(2001)],
  ['shrank', Buffer.alloc(2000), Buffer.alloc(1999)],
  ['changed', Buffer.alloc(2000), Buffer.alloc(2000, 1)],
])('a part that %s meanwhile is told', async (_, before, now) => {
  const packed = packSnapshot(manifestOf(before), { distribution: written(now) }, signer)
  await expect(
    (async () => {
      for await (const _chunk of packed);
    })(),
  ).rejects.toThrow()
})

test('who stops reading leaves nothing behind that fails later', async () => {
  const archive = randomBytes(4_000_000)
  const unheard: unknown[] = []
  const listen = (reason: unknown) => unheard.push(reason)
  process.on('unhandledRejection', listen)
  for await (const _chunk of packSnapshot(manifestOf(archive), { distribution: written(archive) }, signer)) break
  for (let times = 0; times < 50; times += 1) await turn()
  process.off('unhandledRejection', listen)
  expect(unheard).toEqual([])
})
