import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { makeSigner, parseSigner, publicKeyOf, renderSigner } from '../../../src/snapshots/signer.ts'

test('a key comes back as it was written, and its public half is 32 bytes', () => {
  const signer = makeSigner()
  expect(parseSigner(renderSigner(signer)).publicKey).toBe(signer.publicKey)
  expect(Buffer.from(signer.publicKey, 'base64')).toHaveLength(32)
  expect(publicKeyOf(signer.publicKey).asymmetricKeyType).toBe('ed25519')
  expect(makeSigner().publicKey).not.toBe(signer.publicKey)
})

test.each([
  ['nothing', ''],
  ['half a key', renderSigner(makeSigner()).slice(0, 60)],
  ['another kind of key', generateKeyPairSync('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
])('%s is told, and nothing of it', (_, pem) => {
  expect(() => parseSigner(pem)).toThrow("The stack's key for snapshots")
})
