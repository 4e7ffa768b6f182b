import { late } from '../late.ts'
import { Expected } from './expected.ts'

const BLOCK = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\r?\n([\s\S]*?)\r?\n-----END \1-----/g

/** One or more unlocked private keys, each ended by a line end as OpenSSH wants it. @throws Expected, never with the key */
export function parsePrivateKeys(text: string): string[] {
  const blocks = [...text.matchAll(BLOCK)]
  const rest = text.replaceAll(BLOCK, '').trim()
  if (blocks.length === 0 || rest !== '') {
    throw new Expected('unlocked private keys, whole, from "-----BEGIN … PRIVATE KEY-----" to "-----END …"', '')
  }
  return blocks.map(([block, kind = '', body = '']) => {
    if (kind === 'OPENSSH PRIVATE KEY') refuseOpenSsh(body)
    else parsePemKey(block)
    return `${block.replaceAll('\r', '')}\n`
  })
}

/** One unlocked private key in PEM. @throws Expected, never with the key */
export function parsePemKey(text: string): string {
  if (/ENCRYPTED/.test(text)) throw lockedKey()
  try {
    late.crypto.createPrivateKey(text)
  } catch {
    throw new Expected('an unlocked private key in PEM', '')
  }
  return text.endsWith('\n') ? text : `${text}\n`
}

/** @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key: magic, then the cipher's name */
const MAGIC = 'openssh-key-v1\0'

function refuseOpenSsh(body: string): void {
  const bytes = Buffer.from(body, 'base64')
  const nameAt = MAGIC.length + 4
  if (bytes.length < nameAt + 4 || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new Expected('a private key of OpenSSH that is whole', '')
  }
  const cipher = bytes.toString('latin1', nameAt, nameAt + bytes.readUInt32BE(MAGIC.length))
  if (cipher !== 'none') throw lockedKey()
}

function lockedKey(): Expected {
  return new Expected('a key without a passphrase (this one is locked; unlock a copy with ssh-keygen -p)', '')
}
