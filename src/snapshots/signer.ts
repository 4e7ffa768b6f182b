import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The key a stack signs its snapshots with. */
export type Signer = {
  privateKey: KeyObject
  /** Its public half, as the output `snapshot-signer` has it: base64 of the 32 bytes. */
  publicKey: string
}

/** A new Ed25519 key. */
export function makeSigner(): Signer {
  return signerOf(generateKeyPairSync('ed25519').privateKey)
}

/** @param pem PKCS #8, as `renderSigner` writes it. @throws Error when it is no such key */
export function parseSigner(pem: string): Signer {
  const key = createPrivateKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`expected an Ed25519 key, got ${key.asymmetricKeyType}`)
  return signerOf(key)
}

export function renderSigner({ privateKey }: Signer): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** The key object of a public half. @throws Error when it is none */
export function publicKeyOf(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'base64').toString('base64url')
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
}

function signerOf(privateKey: KeyObject): Signer {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, publicKey: Buffer.from(x ?? '', 'base64url').toString('base64') }
}
