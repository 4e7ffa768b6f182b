import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { openClient } from '../../../src/rancher/client.ts'
import { ask } from '../../../src/rancher/request.ts'
import { makeCertificate } from './certificate.ts'
import { HOSTNAME } from './make.ts'

const made = makeCertificate(HOSTNAME)
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: RequestListener, secure = true): Promise<number> {
  const server = secure ? createHttps({ cert: made.certificate, key: made.privateKey }, answer) : createHttp(answer)
  servers.push(server as Server)
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

const target = (port: number, ca: string | undefined = made.certificate, hostname = HOSTNAME) => ({
  hostname,
  address: '127.0.0.1',
  ca,
  ports: { http: port, https: port },
})

test('goes to the address, for the name, over verified TLS', async () => {
  const port = await serve((request, response) => response.end(`${request.headers.host} ${request.url}`))
  await expect(ask(target(port), '/ping')).resolves.toMatchObject({ status: 200, body: `${HOSTNAME} /ping` })
})

test('a certificate of an unknown CA, or for another name, is no answer', async () => {
  const port = await serve((_request, response) => response.end('pong'))
  await expect(ask({ ...target(port), ca: undefined }, '/ping')).rejects.toThrow(/self-signed/)
  await expect(ask(target(port, made.certificate, 'other.test'), '/ping')).rejects.toThrow(/altnames/)
})

test('a redirect is an answer, and plain HTTP is asked for', async () => {
  const port = await serve((_request, response) => response.writeHead(308, { Location: 'https://x/' }).end(), false)
  await expect(ask(target(port), '/', { plain: true })).resolves.toMatchObject({
    status: 308,
    headers: { location: 'https://x/' },
  })
})

test('silence ends at the deadline', async () => {
  const port = await serve(() => {})
  await expect(ask(target(port), '/', { deadlineMs: 50 })).rejects.toThrow('no answer before the deadline')
})

test('the newest login endpoint is asked, the older one where that is absent', async () => {
  const asked: string[] = []
  const answerOn =
    (only: string): RequestListener =>
    (request, response) => {
      asked.push(request.url ?? '')
      if (request.url !== only) return response.writeHead(404).end()
      return response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"type":"error"}')
    }
  const old = '/v3-public/localProviders/local?action=login'
  const unknown = { username: 'nobody', password: 'nothing' }
  const before213 = openClient(target(await serve(answerOn(old))))
  await expect(before213.login(unknown)).resolves.toEqual({ endpoint: old, status: 401, token: undefined })
  const since213 = openClient(target(await serve(answerOn('/v1-public/login'))))
  await expect(since213.login(unknown)).resolves.toMatchObject({ endpoint: '/v1-public/login', status: 401 })
  expect(asked).toEqual(['/v1-public/login', old, '/v1-public/login'])
})

test('a login that is taken gives the token', async () => {
  const port = await serve((_request, response) => response.writeHead(201).end('{"token":"token-a:b"}'))
  const login = await openClient(target(port)).login({ username: 'admin', password: 'x' })
  expect(login).toMatchObject({ status: 201, token: 'token-a:b' })
})
