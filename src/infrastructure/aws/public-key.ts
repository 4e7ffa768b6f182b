import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { StackError } from '../../errors.ts'

const LABEL = 'OPENSSH PRIVATE KEY'
const OPENSSH = new RegExp(`-----BEGIN ${LABEL}-----([^]*?)-----END`)
const MAGIC = 'openssh-key-v1\0'

/**
 * "ssh-ed25519 AAAA…" of a private key, in OpenSSH's own format (which holds the public half in the clear) or in PEM.
 *
 * @throws StackError of kind `input` for a key of another kind than RSA, ECDSA P-256 or Ed25519
 * @see openssh PROTOCOL.key; RFC 4253 6.6; RFC 5656 3.1; RFC 8709 4
 */
export function publicKeyOf(privateKey: string): string {
  const body = OPENSSH.exec(privateKey)?.[1]
  const blob = body === undefined ? blobOfPem(privateKey) : blobOfOpenSsh(Buffer.from(body, 'base64'))
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1')
  return `${type} ${blob.toString('base64')}`
}

/** After the magic stand three strings (cipher, derivation, its options), a count, and the public half. */
function blobOfOpenSsh(bytes: Buffer): Buffer {
  let at = MAGIC.length
  const next = () => {
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    return bytes.subarray(start, at)
  }
  for (let skipped = 0; skipped < 3; skipped++) next()
  at += 4
  return next()
}

function blobOfPem(privateKey: string): Buffer {
  const { kty, crv, e = '', n = '', x = '', y = '' }: JsonWebKey = createPublicKey(privateKey).export({ format: 'jwk' })
  const raw = (text: string) => Buffer.from(text, 'base64url')
  if (kty === 'RSA') return join(Buffer.from('ssh-rsa'), positive(raw(e)), positive(raw(n)))
  if (crv === 'Ed25519') return join(Buffer.from('ssh-ed25519'), raw(x))
  if (crv === 'P-256') {
    const point = Buffer.concat([Buffer.from([4]), raw(x), raw(y)])
    return join(Buffer.from('ecdsa-sha2-nistp256'), Buffer.from('nistp256'), point)
  }
  throw new StackError('input', `ssh-private-key: expected a key of RSA, ECDSA P-256 or Ed25519, got ${crv ?? kty}.`, {
    stands: 'Nothing was changed.',
    next: 'Give another key, such as one made by ssh-keygen -t ed25519.',
  })
}

/** A number whose first bit is set would be negative. RFC 4251 5, mpint */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes
}

function join(...parts: Buffer[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return Buffer.concat([length, part])
    }),
  )
}
