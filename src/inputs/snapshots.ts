import type { RestoreFrom } from '../settings.ts'
import type { Place } from '../snapshots/snapshot.ts'
import { Expected, parseLines } from './expected.ts'

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** The alphabet of bech32, in which age writes its keys. */
const RECIPIENT = /^age1[02-9ac-hj-np-z]{20,}$/
const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[02-9AC-HJ-NP-Z]{20,}$/
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Lines of `artifact`, `s3://bucket/prefix` and `file:path`. @throws Expected */
export function parsePlaces(text: string): Place[] {
  const lines = [...new Set(parseLines(text))]
  if (lines.length === 0) throw new Expected('artifact, s3://bucket/prefix or file:path, one a line')
  return lines.map(parsePlace)
}

function parsePlace(line: string): Place {
  if (line === 'artifact') return { kind: 'artifact' }
  if (line.startsWith('file:') && line.length > 'file:'.length) return { kind: 'file', folder: pathOf(line) }
  const s3 = parseS3(line)
  if (s3 !== undefined) return { kind: 's3', bucket: s3.bucket, prefix: s3.path }
  throw new Expected('artifact, s3://bucket/prefix or file:path, one a line', line)
}

/** `latest`, `survivor`, a snapshot's name, `artifact:NAME`, `s3://bucket/key` or `file:path`. @throws Expected */
export function parseRestoreFrom(text: string): RestoreFrom {
  if (text === 'latest' || text === 'survivor') return { kind: text }
  if (text.startsWith('artifact:') && NAME.test(withoutEnding(text.slice('artifact:'.length)))) {
    return { kind: 'artifact', name: withoutEnding(text.slice('artifact:'.length)) }
  }
  if (text.startsWith('file:') && text.length > 'file:'.length) return { kind: 'file', path: pathOf(text) }
  const s3 = parseS3(text)
  if (s3 !== undefined && s3.path !== '') return { kind: 's3', bucket: s3.bucket, key: s3.path }
  if (NAME.test(withoutEnding(text))) return { kind: 'name', name: withoutEnding(text) }
  throw new Expected('latest, survivor, the name of a snapshot, artifact:NAME, s3://bucket/key or file:path')
}

/** Public keys, as `age-keygen -y` prints them. @throws Expected */
export function parseRecipients(text: string): string[] {
  return parseLines(text).map((line) => {
    if (!RECIPIENT.test(line)) throw new Expected('public keys of age ("age1…"), one a line', line)
    return line
  })
}

/** Secret keys, as `age-keygen` writes them: its comments may stay. @throws Expected that tells nothing of them */
export function parseIdentities(text: string): string[] {
  return parseLines(text).map((line) => {
    if (!IDENTITY.test(line)) throw new Expected('identities of age ("AGE-SECRET-KEY-…"), one a line', '')
    return line
  })
}

/** Keys as the output `snapshot-signer` has them. @throws Expected */
export function parseSigners(text: string): string[] {
  return parseLines(text).map((line) => {
    const isKey = Buffer.from(line, 'base64').length === 32 && Buffer.from(line, 'base64').toString('base64') === line
    if (!isKey) throw new Expected('what the output snapshot-signer was, one a line', line)
    return line
  })
}

/** @throws Expected */
export function parseCount(text: string, most = 100_000): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > most) throw new Expected(`a whole number from 1 to ${most}`)
  return count
}

function parseS3(text: string): { bucket: string; path: string } | undefined {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text) ?? []
  return BUCKET.test(bucket) ? { bucket, path: path.replaceAll(/^\/+|\/+$/g, '') } : undefined
}

function pathOf(text: string): string {
  return text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
}

function withoutEnding(name: string): string {
  return name.replace(/\.tar(\.age)?$/, '')
}
