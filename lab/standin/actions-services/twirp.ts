import type { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** A message as the services speak it: JSON, snake_case, 64-bit numbers as strings. */
export type Message = Record<string, unknown>
export type Methods = Record<string, (message: Message) => Message>

/** A refusal in the services' own words; the code decides the HTTP status. */
export class TwirpError extends Error {
  readonly code: keyof typeof STATUS

  constructor(code: keyof typeof STATUS, message: string) {
    super(message)
    this.code = code
  }
}

/** @see https://twitchtv.github.io/twirp/docs/spec_v7.html (error codes) */
const STATUS = {
  already_exists: 409,
  bad_route: 404,
  invalid_argument: 400,
  malformed: 400,
  not_found: 404,
  unauthenticated: 401,
}

/** Answers one call, or says why not. */
export function answerTwirp(methods: Methods, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  try {
    send(response, 200, call(methods, request, body))
  } catch (error) {
    if (!(error instanceof TwirpError)) throw error
    send(response, STATUS[error.code], { code: error.code, msg: error.message })
  }
}

/** The field as text. @throws TwirpError when it is missing or empty */
export function text(message: Message, field: string): string {
  const value = message[field]
  if (typeof value === 'string' && value !== '') return value
  throw new TwirpError('invalid_argument', `${field} is required`)
}

function call(methods: Methods, request: IncomingMessage, body: Buffer): Message {
  if (!/^bearer \S+$/i.test(request.headers.authorization ?? '')) {
    throw new TwirpError('unauthenticated', 'a bearer token is required')
  }
  const name = request.url?.split('/').at(-1) ?? ''
  const method = methods[name]
  if (request.method !== 'POST' || method === undefined) throw new TwirpError('bad_route', `no method ${name}`)
  let message: Message
  try {
    message = JSON.parse(body.toString())
  } catch {
    throw new TwirpError('malformed', 'the body is not JSON')
  }
  return method(message)
}

function send(response: ServerResponse, status: number, message: Message): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(message))
}
