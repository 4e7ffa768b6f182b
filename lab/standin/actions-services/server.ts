import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Artifact, artifactMethods } from './artifacts.ts'
import { blobStore } from './blobs.ts'
import { cacheMethods } from './caches.ts'
import { type Fault, faultList } from './faults.ts'
import { answerRest, type Repository } from './rest.ts'
import { answerTwirp } from './twirp.ts'

/** One request as it came in, in order of arrival. */
export type Seen = {
  /** `GetCacheEntryDownloadURL` and the like, `rest GET` and the like, or `blob GET`, `blob PUT`, `blob HEAD`. */
  operation: string
  path: string
  /** The twirp message; undefined for blobs. */
  message: unknown
  status: number
}

export type ActionsServices = {
  /** `http://127.0.0.1:PORT/`. */
  url: string
  /** What the runner gives to an action so that the official clients find these services. */
  env: Record<string, string>
  requests: Seen[]
  /** Faults still to come; each is used up by the requests it meets. */
  faults: Fault[]
  /** What the REST API says of the repository and its runs. */
  repository: Repository
  /** All there are, of every run. */
  artifacts: Artifact[]
  close(): Promise<void>
} & AsyncDisposable

/**
 * Stand-in of GitHub's artifact (v4) and cache (v2) services on the loopback, and of what its REST API tells of
 * artifacts, for the unchanged official clients.
 *
 * @param port 0 or absent for any free one
 * @param runId workflow run the token speaks for; an artifact is seen by its own run alone
 */
export async function startActionsServices({
  port = 0,
  runId = 'run-1',
  jobId = 'job-1',
} = {}): Promise<ActionsServices> {
  const requests: Seen[] = []
  const faults: Fault[] = []
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const blobs = blobStore()
  const artifacts: Artifact[] = []
  const repository: Repository = { id: 1, defaultBranch: 'main', permissions: ['read', 'write'], runs: {} }
  const methods = { ...artifactMethods(url, blobs, artifacts), ...cacheMethods(url, blobs) }
  const pending = faultList(faults)

  server.on('request', (request, response) => {
    void serve(request, response).catch((cause) => response.destroy(cause))
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request)
    const { pathname } = new URL(request.url ?? '/', url)
    const twirp = pathname.startsWith('/twirp/')
    const rest = pathname.startsWith('/api/')
    const operation = rest
      ? `rest ${request.method}`
      : twirp
        ? (pathname.split('/').at(-1) ?? '')
        : `blob ${request.method}`
    const seen: Seen = { operation, path: pathname, message: twirp ? parse(body) : undefined, status: 0 }
    requests.push(seen)
    const fault = pending.take(operation)
    if (fault?.status !== undefined) refuse(response, fault.status)
    else if (twirp) answerTwirp(methods, request, body, response)
    else if (rest) answerRest({ repository, artifacts, blobs, base: url }, request, response)
    else blobs.answer(request, body, response, fault)
    seen.status = response.statusCode
  }

  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()))
      server.closeAllConnections()
    })
  return {
    url,
    env: environment(url, runId, jobId),
    requests,
    faults,
    repository,
    artifacts,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The token is never checked by the clients, only read: its scope names the run and the job. */
function environment(url: string, runId: string, jobId: string): Record<string, string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = `${part({ alg: 'none' })}.${part({ scp: `Actions.Results:${runId}:${jobId}` })}.`
  return {
    ACTIONS_RESULTS_URL: url,
    ACTIONS_CACHE_SERVICE_V2: 'True',
    ACTIONS_RUNTIME_TOKEN: token,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: `${url}api`,
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ code: status === 429 ? 'resource_exhausted' : 'unavailable', msg: 'a fault was asked for' }),
  )
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return body.toString()
  }
}
