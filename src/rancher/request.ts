import { lookup } from 'node:dns'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { rootCertificates } from 'node:tls'

/** Where a request goes: always to `address`, whatever the name resolves to (the name is a probe of its own). */
export type Target = {
  hostname: string
  /** Address or name of the load balancer. */
  address: string
  /** PEM; trusted beside the public roots. */
  ca?: string | undefined
  /** Default 80 and 443. */
  ports?: { http: number; https: number }
}

export type Asked = {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT'
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  /** Plain HTTP on port 80. */
  plain?: boolean
  /** Default 10 s, from the name's look-up to the last byte. */
  deadlineMs?: number
  signal?: AbortSignal
}

export type Answer = { status: number; headers: IncomingHttpHeaders; body: string }

const DEFAULT_DEADLINE_MS = 10_000
const BODY_LIMIT_BYTES = 1_000_000

/**
 * One request to the target, TLS verified for its host name; no redirect is followed and no connection reused.
 *
 * @throws the system's error when there is no answer, or no trusted one
 */
export function ask(target: Target, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, json, plain = false, deadlineMs = DEFAULT_DEADLINE_MS } = asked
  const ports = target.ports ?? { http: 80, https: 443 }
  const body = json === undefined ? undefined : JSON.stringify(json)
  const signal = AbortSignal.any([AbortSignal.timeout(deadlineMs), ...(asked.signal ? [asked.signal] : [])])
  const common = {
    host: target.hostname,
    lookup: lookupOf(target.address),
    path,
    method,
    agent: false as const,
    signal,
    headers: {
      Accept: 'application/json, */*',
      Host: target.hostname,
      ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      ...headers,
    },
  }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = plain
    ? httpRequest({ ...common, port: ports.http })
    : httpsRequest({ ...common, port: ports.https, servername: target.hostname, ca: trusted(target.ca) })
  request.on('error', (error) => reject(signal.aborted ? overdue(error, signal) : error))
  request.on('response', (response) => {
    let size = 0
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk)
    })
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    })
  })
  request.end(body)
  return promise
}

/** Certificates to trust: the public roots and, when there is one, the given CA. */
export function trusted(ca: string | undefined): string[] {
  return ca === undefined ? [...rootCertificates] : [...rootCertificates, ca]
}

/** Resolves any name to `address`, which may itself be a name (that of a cloud's load balancer). */
export function lookupOf(address: string): LookupFunction {
  return (_hostname, options, callback) => lookup(address, options, callback as never)
}

/** "no answer" in place of "aborted", which says nothing to a person. */
function overdue(error: Error, signal: AbortSignal): Error {
  const { name } = signal.reason as { name?: unknown }
  return name === 'TimeoutError' ? new Error('no answer before the deadline', { cause: error }) : error
}
