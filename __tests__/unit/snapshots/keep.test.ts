import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, jest, test } from '@jest/globals'
import type { Place } from '../../../src/snapshots/snapshot.ts'
import { createSnapshots } from '../../../src/snapshots/snapshots.ts'
import {
  about,
  makeKeeping,
  makeSettings,
  makeSource,
  never,
  OTHER_UID,
  STACK,
  scratch,
  signer,
  snapshotsOf,
  UID,
} from './make.ts'

jest.setTimeout(60_000)

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

let count = 0
const freshPlace = (): Place & { kind: 'file' } => {
  count += 1
  return { kind: 'file', folder: join(folder.path, `place-${count}`) }
}

const NAME = `rancher_${UID}_20261124T030000Z_100-1_51-14`

/** A snapshot as its name alone tells it. */
const leave = (place: { folder: string }, name: string) => writeFileSync(join(place.folder, `${name}.tar.age`), '')

test('a snapshot is kept in every place, named by what it holds, and known to be by its signature', async () => {
  const places = [freshPlace(), freshPlace()]
  const kept = await snapshotsOf(folder.path, { places }).keep(makeSource(folder.path), makeKeeping(), never)
  expect(kept.manifest).toMatchObject({
    name: NAME,
    verified: 'hash',
    doubt: undefined,
    etcd: { revision: 76, keys: 51 },
  })
  expect(kept.manifest.parts.map(({ role, file }) => [role, file])).toEqual([
    ['distribution', 'nightly.zip'],
    ['state', 'cluster.state'],
    ['values', 'rancher-values.json'],
    ['signer', 'signer.pem'],
  ])
  expect(kept.copies).toEqual(
    places.map((place) => ({ place, ok: true, ref: join(place.folder, `${NAME}.tar`), url: undefined })),
  )
  expect(kept).toMatchObject({ signer: signer.publicKey, previous: undefined, restoredInMs: undefined })
  expect(JSON.stringify(kept.manifest)).not.toMatch(/first-secret|PRIVATE KEY/)
  const listed = await snapshotsOf(folder.path, { places }).list(never)
  expect(listed.map(({ name }) => name)).toEqual([NAME, NAME])
  expect(listed[0]).toMatchObject({
    clusterUid: UID,
    keys: 51,
    rancherKeys: 14,
    doubted: false,
    encrypted: false,
    sizeBytes: kept.sizeBytes,
  })
})

test("anybody's tar takes it apart, and openssl checks the signature", async () => {
  const place = freshPlace()
  const kept = await snapshotsOf(folder.path, { places: [place] }).keep(makeSource(folder.path), makeKeeping(), never)
  const file = join(place.folder, `${kept.manifest.name}.tar`)
  const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n')
  expect(names).toEqual([
    'manifest.json',
    'nightly.zip',
    'cluster.state',
    'rancher-values.json',
    'signer.pem',
    'seal.json',
  ])
  const script = `
    set -eu; cd ${place.folder}; tar -xf ${file} seal.json
    field() { grep -o "\\"$1\\":\\"[^\\"]*" seal.json | cut -d'"' -f4; }
    printf 'rancher-ha snapshot 1\\n%s\\n' "$(head -c -2048 ${file} | sha256sum | cut -d' ' -f1)" >signed
    { printf '\\x30\\x2a\\x30\\x05\\x06\\x03\\x2b\\x65\\x70\\x03\\x21\\x00'; field publicKey | base64 -d; } >key.der
    field signature | base64 -d >signature
    openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in signed -sigfile signature`
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toContain('Signature Verified Successfully')
})

test('a place that fails is told, and the others have it', async () => {
  const [good, broken] = [freshPlace(), freshPlace()]
  writeFileSync(broken.folder, 'no folder')
  const log: string[] = []
  const snapshots = snapshotsOf(folder.path, { places: [broken, good] }, STACK, log)
  const { copies } = await snapshots.keep(makeSource(folder.path), makeKeeping(), never)
  expect(copies).toMatchObject([{ ok: false, why: expect.stringContaining(broken.folder) }, { ok: true }])
  expect(log).toContainEqual(expect.stringContaining(`Not compared with: file:${broken.folder}`))
  expect(readdirSync(good.folder)).toEqual([`${NAME}.tar`])
})

test.each([
  ['another cluster', { clusterUid: OTHER_UID }, `and ${OTHER_UID} runs`],
  ['another CA', { caFingerprint: 'cd'.repeat(32) }, 'the cluster runs with cdcd'],
  ['an older revision than before', { revision: 77 }, 'ends at revision 76'],
])('a snapshot of %s is not kept', async (_, different, what) => {
  const place = freshPlace()
  const live = { ...makeKeeping().live, ...different }
  const keeping = snapshotsOf(folder.path, { places: [place] }).keep(
    makeSource(folder.path),
    makeKeeping({ live }),
    never,
  )
  await expect(keeping).rejects.toMatchObject({ kind: 'snapshot', message: expect.stringContaining(what) })
  expect(() => readdirSync(place.folder)).toThrow('ENOENT')
})

test('a damaged one is not kept, nor one whose archive changed on its way', async () => {
  const place = freshPlace()
  const snapshots = snapshotsOf(folder.path, { places: [place] })
  const damaged = makeSource(folder.path, { etcd: Buffer.alloc(8192 + 32) })
  await expect(snapshots.keep(damaged, makeKeeping(), never)).rejects.toThrow('damaged')
  const changed = makeSource(folder.path, { fileSha256: 'ab'.repeat(32) })
  await expect(snapshots.keep(changed, makeKeeping(), never)).rejects.toThrow('nightly.zip changed')
  expect(() => readdirSync(place.folder)).toThrow('ENOENT')
})

test.each([
  ['keys', '103-14', '51 of 103 keys'],
  ["Rancher's objects", '51-29', "14 of 29 Rancher's objects"],
])('fewer than half of the %s of the one before: kept, marked, and nothing is removed', async (_, before, what) => {
  const place = freshPlace()
  const snapshots = snapshotsOf(folder.path, { places: [place] })
  await snapshots.keep(makeSource(folder.path, { takenAt: new Date('2026-11-01T00:00:00Z') }), makeKeeping(), never)
  leave(place, `rancher_${UID}_20261123T030000Z_99-1_${before}`)
  const kept = await snapshots.keep(makeSource(folder.path), makeKeeping(), never)
  expect(kept.manifest.doubt).toBe(`${what}, compared with rancher_${UID}_20261123T030000Z_99-1_${before}`)
  expect(kept.manifest.name).toBe(`${NAME}_doubted`)
  expect(await snapshots.prune(kept, { keepLast: 1, keepDays: undefined }, never)).toEqual({
    removed: [],
    problems: [],
  })
  expect(readdirSync(place.folder)).toHaveLength(3)

  const meant = await snapshots.keep(
    makeSource(folder.path, { run: { id: '101', attempt: 1 } }),
    makeKeeping({ acceptDrop: true }),
    never,
  )
  expect(meant.manifest.doubt).toBeUndefined()
})

test('compared with the newest sound one of its cluster, else of the stack; doubted ones and other stacks are nothing to go by', async () => {
  const place = freshPlace()
  const snapshots = snapshotsOf(folder.path, { places: [place] })
  const keep = (id: string) =>
    snapshots.keep(makeSource(folder.path, { run: { id, attempt: 1 } }), makeKeeping(), never)
  expect((await keep('1')).previous).toBeUndefined()
  leave(place, `rancher_${UID}_20261123T030000Z_99-1_999-999_doubted`)
  leave(place, `other_${UID}_20261124T020000Z_99-1_999-999`)
  leave(place, `rancher_${OTHER_UID}_20261124T030001Z_99-1_999-999`)
  expect((await keep('2')).previous?.run).toBe('1-1')

  const strange = freshPlace()
  const others = snapshotsOf(folder.path, { places: [strange] })
  await others.keep(
    makeSource(folder.path, { clusterUid: OTHER_UID }),
    makeKeeping({ live: { ...makeKeeping().live, clusterUid: OTHER_UID } }),
    never,
  )
  leave(strange, `rancher_${OTHER_UID}_20261124T030001Z_99-1_999-999`)
  const kept = await others.keep(makeSource(folder.path), makeKeeping(), never)
  expect(kept.manifest.doubt).toContain(OTHER_UID)
})

test('what is no longer kept is removed from every place, and one that fails is told', async () => {
  const places = [freshPlace(), freshPlace()]
  const snapshots = snapshotsOf(folder.path, { places })
  const at = (day: string) => makeSource(folder.path, { takenAt: new Date(`2026-11-${day}T03:00:00Z`) })
  for (const day of ['20', '21', '22']) await snapshots.keep(at(day), makeKeeping(), never)
  const kept = await snapshots.keep(at('23'), makeKeeping(), never)
  const { removed } = await snapshots.prune(kept, { keepLast: 2, keepDays: undefined }, never)
  expect(removed.map(({ takenAt }) => takenAt.getUTCDate())).toEqual([20, 21, 20, 21])
  for (const place of places) expect(readdirSync(place.folder)).toHaveLength(2)

  const missing = freshPlace()
  const pruned = await snapshotsOf(folder.path, { places: [missing, ...places] }).prune(
    kept,
    { keepLast: 1, keepDays: undefined },
    never,
  )
  expect(pruned.removed).toHaveLength(2)
  expect(pruned.problems).toEqual([expect.stringContaining(missing.folder)])
})

test('a trial restore is made when it is asked for, with what was counted, and its failure keeps nothing', async () => {
  const place = freshPlace()
  const tools = { etcd: '/no/such/etcd', etcdutl: '/no/such/etcdutl' }
  const snapshots = createSnapshots({
    stack: STACK,
    settings: makeSettings({ places: [place] }),
    etcd: async () => tools,
    folder: folder.path,
    log: () => {},
  })
  await expect(snapshots.keep(makeSource(folder.path), makeKeeping({ verify: 'restore' }), never)).rejects.toThrow(
    'does not restore',
  )
  expect(() => readdirSync(place.folder)).toThrow('ENOENT')
})

test('a recipient that was mistyped is told before anything is done', async () => {
  const typo = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'
  const settings = { places: [freshPlace()], recipients: [typo] }
  const refusals = await snapshotsOf(folder.path, settings).preflight({ write: true, remove: false })
  expect(about(refusals)).toEqual([expect.stringContaining('backup-recipients: expected public keys of age')])
})

test('a stop is a stop, and no place is then said to have failed', async () => {
  const keeping = snapshotsOf(folder.path, { places: [freshPlace()] }).keep(
    makeSource(folder.path),
    makeKeeping(),
    AbortSignal.abort(new Error('stopped')),
  )
  await expect(keeping).rejects.toThrow('stopped')
})

test('by its name, or by the path of a file of any name', async () => {
  const place = freshPlace()
  const snapshots = snapshotsOf(folder.path, { places: [place] })
  await snapshots.keep(makeSource(folder.path), makeKeeping(), never)
  const copy = join(folder.path, 'copy-of-a-person')
  writeFileSync(copy, readFileSync(join(place.folder, `${NAME}.tar`)))
  for (const wish of [
    { kind: 'name', name: NAME },
    { kind: 'file', path: copy },
  ] as const) {
    await using opened = await snapshots.open(wish, [signer.publicKey], never)
    expect(opened.manifest.name).toBe(NAME)
  }
  await expect(snapshots.open({ kind: 'name', name: 'other' }, [], never)).rejects.toThrow(
    'There is no snapshot other in file:',
  )
})

test('the newest sound one is the latest: one that is doubted is not', async () => {
  const place = freshPlace()
  const snapshots = snapshotsOf(folder.path, { places: [place] })
  await snapshots.keep(makeSource(folder.path), makeKeeping(), never)
  leave(place, `rancher_${UID}_20261124T050000Z_101-1_1-1_doubted`)
  await using opened = await snapshots.open({ kind: 'latest', clusterUid: UID }, [signer.publicKey], never)
  expect(opened.manifest.name).toBe(NAME)
})
