import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileServer, startFileServer } from '../fakes/file-server.ts'
import type { Disk } from '../runner/disk.ts'
import { type RunOptions, runAction } from '../runner/runner.ts'
import { installInputs } from './inputs.ts'

/** Neither is the tested one, so that the checksum published beside it counts. */
export const VERSIONS = { 'rke-version': '1.7.9', 'helm-version': '3.17.0' }

/** Architecture as releases name it: this machine's, because the action asks for its own. */
export const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64'

export const PATHS = {
  rke: `/rke/v${VERSIONS['rke-version']}/rke_linux-${ARCH}`,
  rkeChecksums: `/rke/v${VERSIONS['rke-version']}/sha256sum.txt`,
  helm: `/helm/helm-v${VERSIONS['helm-version']}-linux-${ARCH}.tar.gz`,
}

export const RKE = Buffer.from('#!/bin/sh\necho rke\n')

/** A mirror of release pages with an rke and a helm, each with its checksum file. */
export async function startMirror(): Promise<FileServer> {
  const mirror = await startFileServer()
  const helm = helmArchive()
  mirror.files.set(PATHS.rke, [RKE])
  mirror.files.set(PATHS.rkeChecksums, [`${sha256(RKE)}  rke_linux-${ARCH}\n`])
  mirror.files.set(PATHS.helm, [helm])
  mirror.files.set(`${PATHS.helm}.sha256sum`, [`${sha256(helm)}  ${PATHS.helm.split('/').at(-1)}\n`])
  return mirror
}

/**
 * An install with that mirror on machines that do not answer: its preflight finds the tools, tells what is wrong with
 * them, and changes nothing.
 */
export function preflight(mirrorUrl: string, options: RunOptions = {}) {
  // Closed ports of the loopback: refused at once.
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => `nobody@${address}:1`).join('\n')
  const inputs = installInputs({ hosts, 'tool-mirror': mirrorUrl, ...VERSIONS })
  return runAction(inputs, { ...options, env: { NODE_OPTIONS: `--import=${HURRY}`, ...options.env } })
}

/** The download library's own knob: its pauses between attempts are 10 to 20 s. */
const HURRY = `data:text/javascript,${encodeURIComponent(
  'Object.assign(globalThis, { TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS: 0, TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS: 0 })',
)}`

/** Files in the runner's tool cache. */
export function keptFiles({ toolCache }: Disk): string[] {
  return readdirSync(toolCache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(toolCache.length + 1))
    .sort()
}

/** Another runner of the same kind: its tool cache has the same place, and is empty. */
export function forget({ toolCache }: Disk): void {
  rmSync(toolCache, { recursive: true })
  mkdirSync(toolCache)
}

function helmArchive(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'helm-'))
  try {
    mkdirSync(join(folder, `linux-${ARCH}`))
    writeFileSync(join(folder, `linux-${ARCH}`, 'helm'), '#!/bin/sh\necho helm\n', { mode: 0o755 })
    execFileSync('tar', ['-C', folder, '-czf', join(folder, 'helm.tar.gz'), `linux-${ARCH}`])
    return readFileSync(join(folder, 'helm.tar.gz'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
