import { sign, verify } from 'node:crypto'
import { pack } from 'tar-stream'
import { publicKeyOf, type Signer } from './signer.ts'

export const SEAL_FILE = 'seal.json'
/** Header, one block of text, and the two empty blocks a tar ends with. */
export const SEAL_BYTES = 4 * 512
const CONTENT_AT = 512

/** Who says so, of how many bytes: the digest is over all that lies before the seal. */
export type Seal = { format: 1; sha256: string; publicKey: string; signature: string }

/** A seal over the digest of all that goes before it. */
export function makeSeal(sha256: string, { privateKey, publicKey }: Signer): Seal {
  const signature = sign(null, signedText(sha256), privateKey).toString('base64')
  return { format: 1, sha256, publicKey, signature }
}

/** Whether the key the seal names made its signature. Whose key that is, is another question. */
export function isSealed({ sha256, publicKey, signature }: Seal): boolean {
  try {
    return verify(null, signedText(sha256), publicKeyOf(publicKey), Buffer.from(signature, 'base64'))
  } catch {
    return false // not a key
  }
}

/** The end of the file: always the same number of bytes. */
export async function renderSeal(seal: Seal): Promise<Buffer> {
  const tail = pack()
  tail.entry({ name: SEAL_FILE, mode: 0o600, mtime: new Date(0) }, `${JSON.stringify(seal)}\n`)
  tail.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tail as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** @returns undefined unless it is, byte for byte, what `renderSeal` writes */
export async function parseSeal(tail: Buffer): Promise<Seal | undefined> {
  const end = tail.indexOf('\n', CONTENT_AT)
  if (tail.length !== SEAL_BYTES || end === -1) return undefined
  const seal = readSeal(tail.subarray(CONTENT_AT, end).toString())
  if (seal === undefined) return undefined
  return (await renderSeal(seal)).equals(tail) ? seal : undefined
}

function readSeal(text: string): Seal | undefined {
  try {
    const { format, sha256, publicKey, signature } = JSON.parse(text)
    if (format !== 1) return undefined
    return { format, sha256: `${sha256}`, publicKey: reencoded(publicKey), signature: reencoded(signature) }
  } catch {
    return undefined // damaged: not JSON any more
  }
}

/** Base64 has several ways to write the same bytes; only the one we write counts. */
function reencoded(text: string): string {
  return Buffer.from(text, 'base64').toString('base64')
}

function signedText(sha256: string): Buffer {
  return Buffer.from(`rancher-ha snapshot 1\n${sha256}\n`)
}
