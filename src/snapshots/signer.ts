import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { StackError } from '../errors.ts'

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

/** @param pem PKCS #8, as `renderSigner` writes it. @throws StackError of kind `snapshot` when it is no such key */
export function parseSigner(pem: string): Signer {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return signerOf(key)
  } catch {
    // Told below, without a word of what was read.
  }
  throw new StackError('snapshot', "The stack's key for snapshots, on its nodes, is no Ed25519 key.", {
    stands: 'Nothing was changed.',
    next: 'Put the key back from a snapshot (its signer.pem), or remove it from the nodes: a new one is then made.',
  })
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
