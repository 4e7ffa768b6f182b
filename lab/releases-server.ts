import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BUNDLE } from './places.ts'
import { VERSIONS } from './versions.ts'

/** The folders of a bundle that are laid out as their public places are. */
const SERVED = ['charts', 'tools']

/**
 * The version the lab's helm is served as: the action knows the digest of the released file of the tested one, and the
 * lab builds its own.
 */
export const SERVED_HELM = 'v3.18.5'

export type ReleasesServer = AsyncDisposable & {
  /** For the input `rancher-chart`. */
  charts: string
  /** For the input `tool-mirror`. */
  tools: string
  /** Paths that were asked for, in order. */
  asked: string[]
}

/** Serves the bundle's charts as a chart repository, and its tools as a mirror of the release pages, on the loopback. */
export async function serveReleases(bundle = BUNDLE): Promise<ReleasesServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    asked.push(path)
    void send(bundle, path, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    charts: `${base}/charts`,
    tools: `${base}/tools`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function send(bundle: string, path: string, response: ServerResponse): Promise<void> {
  const file = join(bundle, path.replaceAll(SERVED_HELM, VERSIONS.helm))
  const found = SERVED.includes(path.split('/')[1] ?? '') ? await stat(file).catch(() => undefined) : undefined
  if (found?.isFile() !== true) {
    response.writeHead(404).end()
    return
  }
  if (file.endsWith('.sha256sum')) {
    response.end((await readFile(file, 'utf8')).replaceAll(VERSIONS.helm, SERVED_HELM))
    return
  }
  response.writeHead(200, { 'content-length': found.size })
  // A client that goes away in the middle is its own affair.
  await pipeline(createReadStream(file), response).catch(() => response.destroy())
}
