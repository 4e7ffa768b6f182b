import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Answer, answerGraphql, ENDPOINTS, type Endpoint } from './answers.ts'
import { type Identity, makeWorld, type World } from './world.ts'

/** Something that goes wrong on purpose, once or several times. */
export type Fault = {
  /** The request it meets, as in `Seen.request`. */
  request: RegExp
  /** How many requests it still meets; 1 when absent. */
  times?: number
  /** Answered instead; 0 cuts the connection. */
  status: number
  message?: string
  headers?: Record<string, string>
  /** Carried out all the same: the answer alone is lost. */
  afterwards?: boolean
}

/** One request as it came in, in order of arrival. */
export type Seen = { request: string; body: Record<string, unknown>; status: number }

export type GitHub = AsyncDisposable & {
  /** For GITHUB_API_URL. */
  url: string
  world: World
  requests: Seen[]
  /** Faults still to come; each is used up by the requests it meets. */
  faults: Fault[]
}

/**
 * Stand-in of GitHub's API for one repository, on the loopback, for the unchanged official client: pull requests,
 * comments, issues, deployments, and the query that asks who wrote a text. Knows tokens and what they may.
 *
 * @param hidden as a private repository: who may not read gets 404, not 403
 * @param artifacts URL of the stand-in that answers for the repository itself and its artifacts
 */
export async function startGitHub({
  repository = 'acme/platform',
  hidden = false,
  port = 0,
  artifacts = '',
} = {}): Promise<GitHub> {
  const world = makeWorld()
  const requests: Seen[] = []
  const faults: Fault[] = []
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', (request, response) => {
    void serve(request, response).catch((cause) => response.destroy(cause))
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse((await readAll(request)) || '{}') as Record<string, unknown>
    const seen: Seen = { request: `${request.method} ${request.url}`, body, status: 0 }
    requests.push(seen)
    const fault = takeFault(faults, seen.request)
    if (fault === undefined && artifacts !== '' && OF_ARTIFACTS.test(seen.request)) {
      return await passOn(artifacts, request, response)
    }
    const carriedOut = fault === undefined || fault.afterwards === true ? answer(request, body) : undefined
    if (fault?.status === 0) return void response.destroy()
    const { status, body: said } =
      fault === undefined
        ? (carriedOut as Answer)
        : { status: fault.status, body: { message: fault.message ?? 'a fault' } }
    seen.status = status
    const headers = carriedOut === undefined || fault !== undefined ? fault?.headers : carriedOut.headers
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    response.end(JSON.stringify(said))
  }

  function answer(
    request: IncomingMessage,
    body: Record<string, unknown>,
  ): Answer & { headers?: Record<string, string> } {
    const token = /^(?:token|bearer) (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const who = world.tokens.get(token)
    if (who === undefined) return { status: 401, body: { message: 'Bad credentials' } }
    const { pathname, searchParams: query } = new URL(request.url ?? '/', url)
    if (request.method === 'POST' && pathname === '/graphql') return answerGraphql({ world, who, body })
    const below = [`/repos/${repository}`, BY_ID].find((start) => pathname.startsWith(`${start}/`))
    const path = below === undefined ? undefined : pathname.slice(below.length)
    for (const endpoint of path === undefined ? [] : ENDPOINTS) {
      const match = endpoint.method === request.method ? endpoint.path.exec(path ?? '') : null
      if (match === null) continue
      const refusal = refuse(endpoint, who, hidden)
      if (refusal !== undefined) return refusal
      const said = endpoint.answer({ world, who, params: match.slice(1), query, body })
      return said.next === undefined ? said : { ...said, headers: linkTo(path ?? '', query, said.next) }
    }
    return { status: 404, body: { message: 'Not Found' } }
  }

  /** As GitHub does: further pages of a list are told by the repository's id. */
  function linkTo(path: string, query: URLSearchParams, page: number): Record<string, string> {
    const next = new URLSearchParams(query)
    next.set('page', String(page))
    return { link: `<${url}${BY_ID}${path}?${next}>; rel="next"` }
  }

  const close = () =>
    new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()))
      server.closeAllConnections()
    })
  return { url, world, requests, faults, [Symbol.asyncDispose]: close }
}

/** The repository by its id. */
const BY_ID = '/repositories/4711'

/** @see https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api (404, and "Resource not accessible") */
function refuse({ rights }: Endpoint, { permissions }: Identity, hidden: boolean) {
  const may = rights.some(([area, level]) => permissions[area] === 'write' || permissions[area] === level)
  if (may) return undefined
  const mayRead = rights.some(([area]) => permissions[area] !== undefined)
  if (hidden && !mayRead) return { status: 404, body: { message: 'Not Found' } }
  const accepted = rights.map(([area, level]) => `${area.replace('-', '_')}=${level}`).join('; ')
  return {
    status: 403,
    body: { message: 'Resource not accessible by integration' },
    headers: { 'x-accepted-github-permissions': accepted },
  }
}

/** What the stand-in of the artifact service knows: the repository, its runs, its artifacts. */
const OF_ARTIFACTS = /^\w+ \/repos\/[^/]+\/[^/?]+(\/actions\/|\?|$)/

async function passOn(base: string, { method = 'GET', url }: IncomingMessage, response: ServerResponse): Promise<void> {
  const answered = await fetch(`${base}${url}`, { method, redirect: 'manual' })
  const location = answered.headers.get('location')
  const type = { 'content-type': answered.headers.get('content-type') ?? 'application/json' }
  response.writeHead(answered.status, { ...type, ...(location !== null && { location }) })
  response.end(Buffer.from(await answered.arrayBuffer()))
}

function takeFault(faults: Fault[], request: string): Fault | undefined {
  const fault = faults.find((candidate) => candidate.request.test(request))
  if (fault === undefined) return undefined
  fault.times = (fault.times ?? 1) - 1
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
  return fault
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
