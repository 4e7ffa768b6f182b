import { describe, expect, test } from '@jest/globals'
import { Expected } from '../../../src/inputs/expected.ts'
import {
  parseCount,
  parseIdentities,
  parsePlaces,
  parseRecipients,
  parseRestoreFrom,
  parseSigners,
} from '../../../src/inputs/snapshots.ts'
import { parseInputs } from '../../../src/inputs.ts'
import { makeSigner } from '../../../src/snapshots/signer.ts'

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
const IDENTITY = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`

test.each([
  ['artifact', [{ kind: 'artifact' }]],
  ['file:/var/backups', [{ kind: 'file', folder: '/var/backups' }]],
  ['file:///var/backups', [{ kind: 'file', folder: '/var/backups' }]],
  ['file:backups', [{ kind: 'file', folder: 'backups' }]],
  ['s3://bucket', [{ kind: 's3', bucket: 'bucket', prefix: '' }]],
  ['s3://my.bucket/a/b/', [{ kind: 's3', bucket: 'my.bucket', prefix: 'a/b' }]],
  ['# both\nartifact\n\nfile:x\nartifact', [{ kind: 'artifact' }, { kind: 'file', folder: 'x' }]],
])('backup-to %j', (text, places) => expect(parsePlaces(text)).toEqual(places))

test.each(['', '# none', 's3://', 's3://UPPER/x', 's3:/bucket', 'file:', '/var/backups', 'gs://bucket', 'artifact x'])(
  'backup-to %j is refused',
  (text) => expect(() => parsePlaces(text)).toThrow(Expected),
)

test.each([
  ['latest', { kind: 'latest' }],
  ['survivor', { kind: 'survivor' }],
  ['rancher_x_1', { kind: 'name', name: 'rancher_x_1' }],
  ['rancher_x_1.tar.age', { kind: 'name', name: 'rancher_x_1' }],
  ['artifact:rancher_x_1.tar.age', { kind: 'artifact', name: 'rancher_x_1' }],
  ['s3://bucket/a/b.tar', { kind: 's3', bucket: 'bucket', key: 'a/b.tar' }],
  ['file:/a b/c.tar', { kind: 'file', path: '/a b/c.tar' }],
])('restore-from %j', (text, from) => expect(parseRestoreFrom(text)).toEqual(from))

test.each(['', 'artifact:', 's3://bucket', 'file:', 'a/b', '../x', 'two words'])('restore-from %j is refused', (text) =>
  expect(() => parseRestoreFrom(text)).toThrow(Expected),
)

test('public keys, identities with the comments age-keygen writes, and signers', () => {
  const signer = makeSigner().publicKey
  expect(parseRecipients(`# ours\n${RECIPIENT}\n${RECIPIENT}`)).toHaveLength(2)
  expect(parseIdentities(`# created: today\n# public key: ${RECIPIENT}\n${IDENTITY}\n`)).toEqual([IDENTITY])
  expect(parseSigners(` ${signer}\n`)).toEqual([signer])
})

test.each([
  ['an identity for a public key', () => parseRecipients(IDENTITY)],
  ['an SSH key for a public key', () => parseRecipients('ssh-ed25519 AAAA')],
  ['a public key for an identity', () => parseIdentities(RECIPIENT)],
  ['a short signer', () => parseSigners('AAAA')],
  ['a signer written another way', () => parseSigners(makeSigner().publicKey.replace('=', ''))],
])('%s is refused', (_, parse) => expect(parse).toThrow(Expected))

test('a refused identity is not repeated', () => {
  let got: string | undefined = 'nothing'
  try {
    parseIdentities(IDENTITY.toLowerCase())
  } catch (thrown) {
    got = (thrown as Expected).got
  }
  expect(got).toBe('')
})

test.each(['0', '-1', '1.5', '', 'seven', '100001'])('%j is no count', (text) =>
  expect(() => parseCount(text)).toThrow(Expected),
)

describe('modes', () => {
  async function read(inputs: Record<string, string>) {
    const masked: string[] = []
    const env = Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    )
    const mask = (secret: string) => void masked.push(secret)
    const parsed = parseInputs({ env, now: new Date(0), mask, warn: () => {} })
    return {
      masked,
      ...(await parsed.then(
        (settings) => ({ settings, error: undefined }),
        (error: Error) => ({ settings: undefined, error: error.message }),
      )),
    }
  }
  const backup = { mode: 'backup', provider: 'local' }

  test('a backup goes to an artifact, which must be encrypted', async () => {
    expect((await read(backup)).error).toContain('backup-recipients: needed with backup-to artifact and mode backup')
    const { settings } = await read({ ...backup, 'backup-recipients': RECIPIENT })
    expect(settings).toMatchObject({
      mode: 'backup',
      snapshots: { places: [{ kind: 'artifact' }], recipients: [RECIPIENT], retentionDays: undefined },
      verify: 'hash',
      retention: { keepLast: undefined, keepDays: undefined },
      acceptDrop: false,
      dryRun: false,
    })
  })

  test('to a folder it need not be; what is kept, and how far it is verified, can be said', async () => {
    const given = { 'backup-to': 'file:x', 'keep-last': '7', 'keep-days': '30', 'backup-verify': 'restore' }
    const { settings } = await read({ ...backup, ...given, 'retention-days': '90', 'accept-drop': 'true' })
    expect(settings).toMatchObject({
      snapshots: { retentionDays: 90, recipients: [] },
      verify: 'restore',
      retention: { keepLast: 7, keepDays: 30 },
      acceptDrop: true,
    })
    expect((await read({ ...backup, ...given, 'backup-verify': 'twice' })).error).toContain('one of hash, restore')
    expect((await read({ ...backup, ...given, 'keep-last': '0' })).error).toContain('keep-last')
  })

  test('token and identity are masked, the identity line by line', async () => {
    const { masked } = await read({ ...backup, 'github-token': 'ghs_1', 'backup-identity': `# mine\n${IDENTITY}` })
    expect(masked).toEqual(expect.arrayContaining(['ghs_1', IDENTITY]))
    expect(masked).not.toContain('# mine')
  })

  test('status knows how old the newest snapshot may be', async () => {
    const { settings } = await read({ mode: 'status', provider: 'local', 'max-snapshot-age': '26h' })
    expect(settings).toMatchObject({ maxSnapshotAgeMs: 26 * 3_600_000, snapshots: { places: [{ kind: 'artifact' }] } })
  })
})
