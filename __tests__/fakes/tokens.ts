import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a job knows of the runner's service for OIDC tokens, and what that was asked for. */
export type TokenService = AsyncDisposable & { idToken: { url: string; token: string }; asked: string[] }

/** Answers whoever has the token of the job, with a token where `status` is 200. */
export async function serveTokens(status = 200): Promise<TokenService> {
  const token = 'of-the-job'
  const asked: string[] = []
  const server = createServer(({ headers, url = '' }, response) => {
    asked.push(url)
    const answer = headers.authorization === `Bearer ${token}` ? status : 401
    response.writeHead(answer).end(JSON.stringify(answer === 200 ? { value: 'header.claims.signature' } : {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`
  return {
    idToken: { url, token },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
