import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readKeys } from '../../../src/snapshots/etcd-keys.ts'
import { compareKeys, writtenSince } from '../../../src/snapshots/written-since.ts'
import { ETCD_SNAPSHOT, scratch } from './make.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

function written(bytes: Buffer, name = 'snapshot'): string {
  const path = join(folder.path, name)
  writeFileSync(path, bytes)
  return path
}

test('the keys of a real snapshot, with the revisions they were made and written at', async () => {
  const keys = await readKeys(written(ETCD_SNAPSHOT))
  expect(keys.size).toBe(51)
  expect(
    [...keys.values()].every(({ created, modified }) => created > 0 && created <= modified && modified <= 76),
  ).toBe(true)
  expect([...keys.keys()].filter((key) => key.startsWith('/registry/management.cattle.io/clusters/'))).toHaveLength(1)
})

test('nothing was written between a snapshot and itself; what is damaged is said to be', async () => {
  const path = written(ETCD_SNAPSHOT)
  expect(await writtenSince(path, path)).toEqual([])
  await expect(readKeys(written(ETCD_SNAPSHOT.subarray(0, 9_000), 'cut'))).rejects.toMatchObject({ kind: 'snapshot' })
})

test('made, changed, deleted, and made anew after it was deleted, each by its name', () => {
  const before = new Map([
    ['/registry/secrets/default/kept', { created: 1, modified: 1 }],
    ['/registry/secrets/default/changed', { created: 2, modified: 2 }],
    ['/registry/management.cattle.io/clusters/c-gone', { created: 3, modified: 3 }],
    ['/registry/provisioning.cattle.io/clusters/fleet-default/again', { created: 4, modified: 4 }],
    ['compact_rev_key', { created: 1, modified: 1 }],
  ])
  const now = new Map([
    ['/registry/secrets/default/kept', { created: 1, modified: 1 }],
    ['/registry/secrets/default/changed', { created: 2, modified: 9 }],
    ['/registry/provisioning.cattle.io/clusters/fleet-default/again', { created: 8, modified: 8 }],
    ['/registry/services/specs/default/web', { created: 7, modified: 7 }],
    ['/registry/namespaces/new', { created: 6, modified: 6 }],
    ['compact_rev_key', { created: 1, modified: 5 }],
  ])
  expect(compareKeys(before, now)).toEqual([
    {
      kind: 'management.cattle.io/clusters',
      namespace: undefined,
      name: 'c-gone',
      how: 'deleted',
      revision: undefined,
    },
    { kind: 'namespaces', namespace: undefined, name: 'new', how: 'made', revision: 6 },
    { kind: 'provisioning.cattle.io/clusters', namespace: 'fleet-default', name: 'again', how: 'made', revision: 8 },
    { kind: 'secrets', namespace: 'default', name: 'changed', how: 'changed', revision: 9 },
    { kind: 'services/specs', namespace: 'default', name: 'web', how: 'made', revision: 7 },
  ])
})

test('for any two snapshots every object that differs is told once, and no other', () => {
  const keys = fc.dictionary(
    fc.constantFrom('secrets/a/x', 'secrets/a/y', 'pods/b/z', 'management.cattle.io/users/u', 'namespaces/n'),
    fc.record({ created: fc.integer({ min: 1, max: 3 }), modified: fc.integer({ min: 3, max: 6 }) }),
  )
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      const of = (each: typeof one) => new Map(Object.entries(each).map(([key, state]) => [`/registry/${key}`, state]))
      const told = compareKeys(of(one), of(other))
      const expected = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
        (key) => one[key]?.modified !== other[key]?.modified,
      )
      expect(told.map(({ name }) => name).toSorted()).toEqual(expected.map((key) => key.split('/').at(-1)).toSorted())
      for (const { name, how } of told) {
        const key = expected.find((each) => each.endsWith(`/${name}`)) ?? ''
        const [before, now] = [one[key], other[key]]
        expect(how).toBe(now === undefined ? 'deleted' : before?.created === now.created ? 'changed' : 'made')
      }
    }),
  )
})
