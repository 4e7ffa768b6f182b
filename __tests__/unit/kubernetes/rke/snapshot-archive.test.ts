import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openPromise } from 'yauzl'
import { packArchive, unpackArchive } from '../../../../src/kubernetes/rke/snapshot-archive.ts'
import { tries } from '../../remedies/tries.ts'

const NAME = 'rancher-ha_20260102T030405Z_42-1'
const DATABASE = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * at) % 251))
let folder = ''
let archive = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'))
  archive = join(folder, `${NAME}.zip`)
  await writeFile(join(folder, 'db'), DATABASE)
  await packArchive(archive, NAME, join(folder, 'db'), '{"desiredState":{}}')
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('what was packed is unpacked', async () => {
  const out = join(folder, 'out')
  expect(await unpackArchive(archive, NAME, out)).toBe('{"desiredState":{}}')
  expect((await readFile(out)).equals(DATABASE)).toBe(true)
})

test('the entries bear the names rke gives them and looks for', async () => {
  const zip = await openPromise(archive, { lazyEntries: true, decodeStrings: false })
  const names: string[] = []
  for await (const entry of zip.eachEntry()) names.push(entry.fileName.toString())
  expect(names).toEqual([`/backup/${NAME}`, `/etc/kubernetes/${NAME}.rkestate`])
})

test('an archive of another name cannot be restored by this one', async () => {
  await expect(unpackArchive(archive, 'other', join(folder, 'out'))).rejects.toThrow("lacks etcd's snapshot other")
})

test('a damaged archive is refused, or gives exactly what was packed', async () => {
  const bytes = await readFile(archive)
  const damaged = join(folder, 'damaged.zip')
  const unpacked = async (content: Buffer) => {
    await writeFile(damaged, content)
    const out = join(folder, 'damaged.db')
    const state = await unpackArchive(damaged, NAME, out).catch(() => undefined)
    return state === undefined ? undefined : { state, isWhole: (await readFile(out)).equals(DATABASE) }
  }
  const flip = fc.nat(bytes.length * 8 - 1).map((bit) => {
    const copy = Buffer.from(bytes)
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return copy
  })
  let refused = 0
  await fc.assert(
    fc.asyncProperty(flip, async (content) => {
      const result = await unpacked(content)
      if (result === undefined) refused += 1
      expect([undefined, { state: '{"desiredState":{}}', isWhole: true }]).toContainEqual(result)
    }),
    { numRuns: 150 },
  )
  expect(refused).toBeGreaterThan(50)
  const cut = fc.integer({ min: 0, max: bytes.length - 1 })
  await fc.assert(
    fc.asyncProperty(cut, async (length) => {
      expect(await unpacked(bytes.subarray(0, length))).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

const unpacks =
  (file: () => string, name = NAME) =>
  () =>
    unpackArchive(file(), name, join(folder, 'tried'))

tries('snapshot', [
  [
    'Take another snapshot.',
    async () => {
      const bytes = await readFile(archive)
      const half = join(folder, 'half.zip')
      await writeFile(half, bytes.subarray(0, bytes.length / 2))
      return unpacks(() => half)()
    },
    unpacks(() => archive),
  ],
  [
    'Take another snapshot: this one cannot bring the cluster back.',
    unpacks(() => archive, 'other'),
    async () => {
      const other = join(folder, 'other.zip')
      await packArchive(other, 'other', join(folder, 'db'), '{"desiredState":{}}')
      return unpacks(() => other, 'other')()
    },
  ],
])
