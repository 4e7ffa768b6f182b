import { Agent, type RequestOptions, request } from 'node:https'
import type { Target } from './target.ts'

/** A user who waits longer than this has given up. */
const PATIENCE_MS = 10_000

/** How one request ended; `resent` when its kept connection turned out to be closed, and it went out once more. */
export type Ended = { status: number; body: string; tookMs: number; resent: boolean; reason: string | undefined }

export type Ask = { path: string; method?: string; headers?: Record<string, string>; body?: string }

/** How requests of one kind reach the target. */
export type Line = { send(ask: Ask): Promise<Ended>; close(): void }

/** Each request on a connection of its own, as a new user's. */
export function newConnections(target: Target): Line {
  return { send: (ask) => once(target, ask, false), close: () => {} }
}

/**
 * All requests on one connection for as long as the other side keeps it, as a browser's. A server may close it at any
 * moment between two requests; what was just sent then goes out once more, which a browser does too and no user sees.
 */
export function keptConnection(target: Target): Line {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async send(ask) {
      const first = await once(target, ask, agent)
      if (!first.resent) return first
      const second = await once(target, ask, agent)
      return { ...second, resent: true, tookMs: first.tookMs + second.tookMs }
    },
    close: () => agent.destroy(),
  }
}

type Answer = { status: number; body: string }

async function once(target: Target, ask: Ask, agent: Agent | false): Promise<Ended> {
  const startedAt = performance.now()
  const { answer, isUnheard } = exchange(target, ask, agent)
  const took = () => Math.round(performance.now() - startedAt)
  try {
    const { status, body } = await answer
    const reason = status >= 500 ? `HTTP ${status}` : undefined
    return { status, body, tookMs: took(), resent: false, reason }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const resent = isUnheard() && (code === 'ECONNRESET' || code === 'EPIPE')
    return { status: 0, body: '', tookMs: took(), resent, reason: code === undefined ? message : `${code}: ${message}` }
  }
}

function exchange(target: Target, { path, method = 'GET', headers = {}, body }: Ask, agent: Agent | false) {
  const { hostname, address, ca, port = 443 } = target
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>()
  const options: RequestOptions = {
    ...{ host: address, port, servername: hostname, ca, agent, path, method },
    headers: { host: hostname, ...headers },
    signal: AbortSignal.timeout(PATIENCE_MS),
  }
  let isBegun = false
  const sent = request(options, (response) => {
    isBegun = true
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    response.on('error', reject)
  })
  sent.on('error', (error: NodeJS.ErrnoException) =>
    reject(error.name === 'AbortError' ? new Error(`no answer within ${PATIENCE_MS / 1000} s`) : error),
  )
  sent.end(body)
  return { answer, isUnheard: () => sent.reusedSocket && !isBegun }
}
