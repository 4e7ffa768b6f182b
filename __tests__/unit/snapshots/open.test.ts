import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import { encrypt } from '../../../src/snapshots/encryption.ts'
import { parseManifest, renderManifest } from '../../../src/snapshots/manifest.ts'
import { makeSeal, renderSeal, SEAL_BYTES } from '../../../src/snapshots/seal.ts'
import { makeSigner, type Signer } from '../../../src/snapshots/signer.ts'
import type { KeptSnapshot, Manifest } from '../../../src/snapshots/snapshot.ts'
import {
  ETCD_SNAPSHOT,
  makeKeeping,
  makeSource,
  never,
  OTHER_UID,
  STACK,
  STATE,
  scratch,
  signer,
  snapshotsOf,
  UID,
} from './make.ts'

jest.setTimeout(120_000)

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

let identity: string
let recipient: string
let plain: { kept: KeptSnapshot; bytes: Buffer }
let sealed: { kept: KeptSnapshot; bytes: Buffer }

beforeAll(async () => {
  identity = await generateX25519Identity()
  recipient = await identityToRecipient(identity)
  plain = await keep('plain', [])
  sealed = await keep('sealed', [recipient, await identityToRecipient(await generateX25519Identity())])
})

/** A real file, as mode backup stores it. */
async function keep(name: string, recipients: string[], given: Parameters<typeof makeSource>[1] = {}) {
  const kept = await snapshotsOf(folder.path, {
    places: [{ kind: 'file', folder: join(folder.path, name) }],
    recipients,
  }).keep(
    makeSource(folder.path, { archive: ETCD_SNAPSHOT, ...given }),
    makeKeeping({ live: { clusterUid: undefined, caFingerprint: undefined, revision: undefined } }),
    never,
  )
  const [copy] = kept.copies
  return { kept, bytes: readFileSync(copy?.ok ? copy.ref : '') }
}

type Way = { signers?: string[]; unsigned?: boolean; identities?: string[]; stack?: typeof STACK; name?: string }

/** Opens bytes from a folder of their own, found by their name there. */
async function open(bytes: Buffer, way: Way = {}) {
  const { signers = [signer.publicKey], unsigned = false, identities = [identity], stack = STACK } = way
  const name = way.name ?? plain.kept.manifest.name
  const at = join(folder.path, 'offered')
  rmSync(at, { recursive: true, force: true })
  mkdirSync(at)
  writeFileSync(join(at, `${name}.tar`), bytes)
  const settings = { places: [{ kind: 'file', folder: at } as const], unsigned, identities }
  return await snapshotsOf(folder.path, settings, stack).open({ kind: 'latest', clusterUid: undefined }, signers, never)
}

async function refused(bytes: Buffer, way: Way = {}): Promise<string> {
  const left = () => readdirSync(folder.path).filter((name) => /^(opened|fetched|kept)-/.test(name))
  const error = await open(bytes, way).then(
    async (opened) => {
      await opened[Symbol.asyncDispose]()
      throw new Error('it was opened')
    },
    (error) => error,
  )
  expect(error).toMatchObject({ name: 'StackError', kind: 'snapshot', stands: 'Nothing was touched.' })
  expect(left()).toEqual([])
  return error.message
}

test.each(['plain', 'encrypted'])('what was kept comes back byte for byte: %s', async (which) => {
  const { bytes, kept } = which === 'plain' ? plain : sealed
  await using opened = await open(bytes)
  expect(opened.manifest).toEqual(kept.manifest)
  expect(opened.signer).toBe(signer.publicKey)
  expect(opened.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(opened.sha256).toBe(kept.sha256)
  const { distribution, state, values, signer: key } = opened.files
  expect(readFileSync(distribution).equals(ETCD_SNAPSHOT)).toBe(true)
  expect(readFileSync(state, 'utf8')).toBe(STATE)
  expect(JSON.parse(readFileSync(values ?? '', 'utf8'))).toEqual({ bootstrapPassword: 'first-secret' })
  expect(readFileSync(key ?? '', 'utf8')).toContain('PRIVATE KEY')
  expect(statSync(join(state, '..')).mode & 0o777).toBe(0o700)
  expect(statSync(state).mode & 0o777).toBe(0o600)
})

test('its files go when it is closed', async () => {
  const opened = await open(plain.bytes)
  await opened[Symbol.asyncDispose]()
  expect(() => statSync(opened.files.state)).toThrow('ENOENT')
})

test('an encrypted one shows nothing of the cluster, a plain one is a tar', () => {
  for (const secret of ['PRIVATE KEY', 'first-secret', 'manifest', UID]) {
    expect(sealed.bytes.includes(secret)).toBe(false)
    expect(plain.bytes.includes(secret)).toBe(true)
  }
})

const flip = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
  return copy
}

test.each(['plain', 'encrypted', 'plain and unsigned'])('one flipped bit, anywhere, is refused: %s', async (which) => {
  const { bytes } = which === 'encrypted' ? sealed : plain
  const way = { unsigned: which.endsWith('unsigned'), signers: which.endsWith('unsigned') ? [] : [signer.publicKey] }
  const last = bytes.length * 8 - 1
  const ends = Math.min(8 * 3000, last)
  const bit = fc.oneof(
    fc.integer({ min: 0, max: last }),
    fc.integer({ min: 0, max: ends }),
    fc.integer({ min: last - ends, max: last }),
  )
  await fc.assert(
    fc.asyncProperty(bit, async (at) => void (await refused(flip(bytes, at), way))),
    { numRuns: 300 },
  )
})

test('every bit of the seal counts', async () => {
  const seal = plain.bytes.length - SEAL_BYTES
  for (let bit = seal * 8; bit < (seal + 800) * 8; bit += 5) await refused(flip(plain.bytes, bit))
})

test.each(['plain', 'encrypted'])('a truncated one is refused, and one with something behind it: %s', async (which) => {
  const { bytes } = which === 'plain' ? plain : sealed
  const end = fc.integer({ min: 0, max: bytes.length - 1 })
  await fc.assert(
    fc.asyncProperty(end, async (at) => void (await refused(bytes.subarray(0, at)))),
    { numRuns: 100 },
  )
  await refused(bytes.subarray(0, -1))
  await refused(Buffer.concat([bytes, Buffer.from('x')]))
  await refused(Buffer.concat([bytes, Buffer.alloc(512)]))
  await refused(Buffer.concat([bytes, bytes]))
})

test('nobody else opens it: a wrong identity, and none', async () => {
  expect(await refused(sealed.bytes, { identities: [await generateX25519Identity()] })).toContain('cannot be decrypted')
  expect(await refused(sealed.bytes, { identities: [] })).toContain('no identity')
})

test('it is opened only by whom it was signed, or whoever that was when that is said', async () => {
  const stranger = makeSigner()
  expect(await refused(plain.bytes, { signers: [stranger.publicKey] })).toContain(signer.publicKey)
  expect(await refused(plain.bytes, { signers: [] })).toContain('no signer is known')
  await using opened = await open(plain.bytes, { signers: [], unsigned: true })
  expect(opened.signer).toBe(signer.publicKey)
})

test("another stack's is refused, of the same name too", async () => {
  expect(await refused(plain.bytes, { stack: { ...STACK, owner: '43', ownerName: 'acme/fork' } })).toContain(
    'acme/infra',
  )
})

test('one that was stored under the name of another, newer one is refused', async () => {
  const name = plain.kept.manifest.name.replace('20261124', '20261125')
  expect(await refused(plain.bytes, { name })).toContain('it is stored as')
})

type Parts = Map<string, Buffer>

/** The parts of a packed file, in order. */
async function take(bytes: Buffer): Promise<Parts> {
  const parts: Parts = new Map()
  const tar = extract()
  tar.end(bytes)
  for await (const entry of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    if (entry.header.name !== 'seal.json') parts.set(entry.header.name, Buffer.concat(chunks))
  }
  return parts
}

/** A well-formed file of any parts, sealed by any key. */
async function forge(parts: Parts, key: Signer): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of parts) tar.entry({ name, mode: 0o600 }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks).subarray(0, -1024)
  const seal = makeSeal(createHash('sha256').update(body).digest('hex'), key)
  return Buffer.concat([body, await renderSeal(seal)])
}

const manifestIn = (parts: Parts): Manifest => parseManifest(parts.get('manifest.json') ?? Buffer.alloc(0))
const withManifest = (parts: Parts, manifest: Manifest): Parts =>
  new Map(parts).set('manifest.json', renderManifest(manifest))

test('the forger of these tests makes files that are opened: what is refused below is so for its content', async () => {
  await using opened = await open(await forge(await take(plain.bytes), signer))
  expect(opened.manifest).toEqual(plain.kept.manifest)
})

test('an older manifest glued to a newer snapshot, swapped parts, a part too many or too few: refused though well sealed', async () => {
  const parts = await take(plain.bytes)
  const newer = await take(
    (await keep('newer', [], { archive: Buffer.concat([ETCD_SNAPSHOT, Buffer.from('newer')]) })).bytes,
  )
  const other = await take((await keep('other', [], { archive: Buffer.from('x'.repeat(ETCD_SNAPSHOT.length)) })).bytes)
  const archive = (from: Parts) => from.get('nightly.zip') as Buffer

  expect(await refused(await forge(new Map(parts).set('nightly.zip', archive(newer)), signer))).toContain('nightly.zip')
  expect(await refused(await forge(new Map(parts).set('nightly.zip', archive(other)), signer))).toContain(
    'manifest is about',
  )
  expect(await refused(await forge(new Map([...parts].toReversed()), signer))).toContain(
    'does not begin with a manifest',
  )
  expect(await refused(await forge(new Map(parts).set('more', Buffer.from('x')), signer))).toContain('nothing more')
  const fewer = new Map(parts)
  fewer.delete('signer.pem')
  expect(await refused(await forge(fewer, signer))).toContain('signer.pem is missing')
})

test('a well-formed file, encrypted to the right recipient and signed by another key, is refused', async () => {
  const forged = await forge(await take(plain.bytes), makeSigner())
  const encrypted: Buffer[] = []
  const whole = async function* () {
    yield forged
  }
  for await (const chunk of await encrypt(whole(), [recipient])) encrypted.push(chunk)
  expect(await refused(Buffer.concat(encrypted))).toContain('signed by')
})

test('a seal that names the right key, and was made by another, is refused', async () => {
  const body = plain.bytes.subarray(0, -SEAL_BYTES)
  const stranger = makeSeal(createHash('sha256').update(body).digest('hex'), makeSigner())
  const lying = await renderSeal({ ...stranger, publicKey: signer.publicKey })
  expect(await refused(Buffer.concat([body, lying]))).toContain('signature does not hold')
  const nobody = await renderSeal({ ...stranger, publicKey: Buffer.alloc(7).toString('base64') })
  expect(await refused(Buffer.concat([body, nobody]), { unsigned: true, signers: [] })).toMatch(/signature|seal/)
})

test.each(['../escape', '/etc/passwd', 'a/b', '.hidden', '..', ''])(
  'a part never leaves its folder: %p',
  async (file) => {
    const parts = await take(plain.bytes)
    const manifest = manifestIn(parts)
    const lying = { ...manifest, parts: manifest.parts.map((part, index) => (index === 0 ? { ...part, file } : part)) }
    expect(await refused(await forge(withManifest(parts, lying), signer))).toContain('manifest')
  },
)

test('of another cluster than the one that is asked for: there is none', async () => {
  const settings = { places: [{ kind: 'file', folder: join(folder.path, 'plain') } as const] }
  const opening = snapshotsOf(folder.path, settings).open(
    { kind: 'latest', clusterUid: OTHER_UID },
    [signer.publicKey],
    never,
  )
  await expect(opening).rejects.toThrow('There is no sound snapshot of stack "rancher"')
})
