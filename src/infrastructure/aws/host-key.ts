import { generateKeyPairSync } from 'node:crypto'

/** A key of sshd, both halves as OpenSSH writes them. */
export type HostKey = { privateKey: string; publicKey: string }

const CURVE = 'nistp256'
const TYPE = `ecdsa-sha2-${CURVE}`

/**
 * The throw-away key a machine is born with. Of another type than the one the machine makes for itself, so that sshd
 * presents both until everybody knows the second.
 *
 * @see RFC 5656 3.1 for the public half; openssh PROTOCOL.key; PEM of SEC 1 is what sshd reads too
 */
export function makeFirstHostKey(): HostKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const blob = Buffer.concat([Buffer.from(TYPE), Buffer.from(CURVE), point].map(prefixed))
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'sec1' }).toString(),
    publicKey: `${TYPE} ${blob.toString('base64')}`,
  }
}

/** RFC 4251 5: a string is its length in four bytes, then itself. */
function prefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
