import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { kindOf, rancherKeys, readEtcdSnapshot } from '../../../src/snapshots/etcd-snapshot.ts'
import { ETCD_SNAPSHOT, scratch } from './make.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

function written(bytes: Buffer): string {
  const path = join(folder.path, 'snapshot')
  writeFileSync(path, bytes)
  return path
}

test("a real snapshot is counted as etcd itself counts it: keys that stand, not the history's", async () => {
  const contents = await readEtcdSnapshot(written(ETCD_SNAPSHOT))
  expect(contents).toEqual({
    revision: 76,
    keys: 51,
    sizeBytes: 53_280,
    kinds: {
      configmaps: 35,
      'management.cattle.io/clusters': 1,
      'management.cattle.io/settings': 12,
      'provisioning.cattle.io/clusters': 1,
      secrets: 1,
    },
  })
  expect(rancherKeys(contents)).toBe(14)
})

test("a member's database has no digest, and is read without", async () => {
  const database = written(ETCD_SNAPSHOT.subarray(0, -32))
  await expect(readEtcdSnapshot(database)).rejects.toThrow('no database with its digest')
  expect(await readEtcdSnapshot(database, { digest: false })).toMatchObject({ revision: 76, keys: 51 })
})

test('one bit that is flipped anywhere, or an end that is missing, is damage', async () => {
  const bit = fc.integer({ min: 0, max: ETCD_SNAPSHOT.length * 8 - 1 })
  await fc.assert(
    fc.asyncProperty(bit, async (at) => {
      const bytes = Buffer.from(ETCD_SNAPSHOT)
      bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
      await expect(readEtcdSnapshot(written(bytes))).rejects.toMatchObject({ kind: 'snapshot' })
    }),
    { numRuns: 200 },
  )
  const length = fc.integer({ min: 0, max: ETCD_SNAPSHOT.length - 1 })
  await fc.assert(
    fc.asyncProperty(length, async (end) => {
      await expect(readEtcdSnapshot(written(ETCD_SNAPSHOT.subarray(0, end)))).rejects.toMatchObject({
        kind: 'snapshot',
      })
    }),
    { numRuns: 100 },
  )
})

test('a database of any bytes ends in a verdict, and in nothing else', async () => {
  const patch = fc.record({
    at: fc.integer({ min: 0, max: ETCD_SNAPSHOT.length - 64 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 32 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(patch, { minLength: 1, maxLength: 8 }), async (patches) => {
      const bytes = Buffer.from(ETCD_SNAPSHOT)
      for (const { at, bytes: put } of patches) bytes.set(put, at)
      const read = readEtcdSnapshot(written(bytes), { digest: false }).then(
        () => 'read',
        (error) => error.kind,
      )
      expect(['read', 'snapshot']).toContain(await read)
    }),
    { numRuns: 200 },
  )
})

test('a file that is not there is told', async () => {
  await expect(readEtcdSnapshot(join(folder.path, 'missing'))).rejects.toMatchObject({ kind: 'snapshot' })
})

test.each([
  ['/registry/secrets/kube-system/full', 'secrets'],
  ['/registry/management.cattle.io/settings/server-url', 'management.cattle.io/settings'],
  ['/registry/services/specs/default/kubernetes', 'services'],
  ['compact_rev_key', undefined],
  ['/registry/', undefined],
])('%s is of kind %s', (key, kind) => {
  expect(kindOf(key)).toBe(kind)
})
