import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Answer = string | Buffer | { status: number } | { truncated: Buffer }

/** A web server on the loopback that answers each path by its list; the last answer is repeated. */
export type FileServer = AsyncDisposable & {
  url: string
  files: Map<string, Answer[]>
  /** Paths asked for, in order. */
  requests: string[]
}

export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, Answer[]>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    requests.push(path)
    const answers = files.get(path) ?? []
    reply(response, (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 404 })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function reply(response: ServerResponse, answer: Answer): void {
  if (typeof answer === 'string' || Buffer.isBuffer(answer)) response.end(answer)
  else if ('status' in answer) response.writeHead(answer.status).end()
  else {
    response.writeHead(200, { 'content-length': answer.truncated.length * 2 })
    response.write(answer.truncated, () => response.destroy())
  }
}
