import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '../errors.ts'
import { parseChecksums, verifyFile } from './checksum.ts'
import type { Release } from './release.ts'

const TELL_EVERY_MS = 10_000

/**
 * Downloads a released file; server errors and broken connections are tried three times in all. What does not have
 * the expected digest is removed, and not asked for again.
 */
export async function downloadRelease(
  { file, url }: Release,
  sha256: string,
  path: string,
  log: (line: string) => void,
): Promise<void> {
  log(`Downloading ${file} from ${new URL(url).host}`)
  const telling = setInterval(() => void tellSize(path, file, log), TELL_EVERY_MS)
  try {
    await fetchTo(url, path)
    await verifyFile(path, sha256, url)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    clearInterval(telling)
  }
}

/** The digest the publisher gives for a released file. */
export async function fetchChecksum({ file, checksumUrl }: Release, folder: string): Promise<string> {
  const path = join(folder, `${file}.published-checksums`)
  await rm(path, { force: true })
  await fetchTo(checksumUrl, path)
  const sha256 = parseChecksums(await readFile(path, 'utf8'), file)
  if (sha256 !== undefined) return sha256
  throw new StackError('preflight', `${checksumUrl} gives no SHA-256 for ${file}.`, {
    stands: 'Nothing was changed.',
    next: 'Ask for another version, or give a mirror or bundle that has it.',
  })
}

async function fetchTo(url: string, path: string): Promise<void> {
  const { downloadTool, HTTPError } = await import('@actions/tool-cache')
  try {
    await downloadTool(url, path)
  } catch (cause) {
    const status = cause instanceof HTTPError ? cause.httpStatusCode : undefined
    const why = status === undefined ? String((cause as Error).message ?? cause) : `HTTP status ${status}`
    throw new StackError('preflight', `${url} could not be downloaded: ${why}.`, {
      stands: 'Nothing was changed.',
      next: status === 404 ? 'Check the version that was asked for.' : 'Check the network, http-proxy and tool-mirror.',
      retry: status === undefined || status >= 500,
      cause,
    })
  }
}

async function tellSize(path: string, file: string, log: (line: string) => void): Promise<void> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0, // between two attempts there is no file
  )
  log(`Still downloading ${file}: ${(size / 1e6).toFixed(0)} MB so far`)
}
