import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { StackError } from '../errors.ts'

/** SHA-256 of a file, lower-case hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @throws StackError of kind `preflight`, never to be tried again, when the file is not the expected one */
export async function verifyFile(path: string, sha256: string, subject: string): Promise<void> {
  const got = await hashFile(path)
  if (got !== sha256) throw wrongChecksum(subject, sha256, got)
}

export function wrongChecksum(subject: string, expected: string, got: string): StackError {
  return new StackError('preflight', `${subject}: expected SHA-256 ${expected}, got ${got}.`, {
    stands: 'Nothing was changed, and the file was not kept.',
    next: 'Find out who changed the file; a mirror or a bundle may be damaged.',
  })
}

/**
 * The digest a checksum file gives for `file`: lines of "<sha256>  <file>" as sha256sum prints them, or one bare digest.
 * undefined when it names no such file.
 */
export function parseChecksums(text: string, file: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  for (const line of lines) {
    const [, sha256, name] = /^([0-9a-f]{64})(?:\s+\*?(.+?))?\s*$/i.exec(line) ?? []
    if (sha256 === undefined) continue
    const isNamed = name?.split('/').at(-1) === file
    if (isNamed || (name === undefined && lines.length === 1)) return sha256.toLowerCase()
  }
  return undefined
}
