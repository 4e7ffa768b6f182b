import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { openClient } from '../../../src/rancher/client.ts'
import { endKubeconfig, type Key, makeKubeconfig } from '../../../src/rancher/kubeconfig.ts'
import { makeCertificate } from './certificate.ts'

const made = makeCertificate('localhost')
const servers: Server[] = []
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Answers = Record<string, { status: number; body?: object }>

const LOGIN = 'POST /v1-public/login'
const MAKE = 'POST /v3/tokens'
const TRY = 'GET /k8s/clusters/local/version'
const LOGOUT = 'POST /v3/tokens?action=logout'

const good: Answers = {
  [LOGIN]: { status: 200, body: { token: 'token-session:s' } },
  [MAKE]: { status: 201, body: { token: 'token-made:m' } },
  [TRY]: { status: 200, body: {} },
  [LOGOUT]: { status: 200 },
}

/** A Rancher that answers so; what it was asked for, by whom, in order. */
async function rancher(answers: Answers) {
  const asked: string[] = []
  const bodies: Record<string, unknown>[] = []
  const server = createServer({ cert: made.certificate, key: made.privateKey }, async (request, response) => {
    const what = `${request.method} ${request.url}`
    asked.push(`${what} ${request.headers.authorization ?? 'nobody'}`)
    bodies.push(JSON.parse((await read(request)) || '{}') as Record<string, unknown>)
    const { status, body } = answers[what] ?? { status: 404 }
    response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const ports = { http: port, https: port }
  return {
    asked,
    bodies,
    port,
    client: openClient({ hostname: 'localhost', address: '127.0.0.1', ca: made.certificate, ports }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

async function ask({ client }: Awaited<ReturnType<typeof rancher>>, key: Key) {
  const masked: string[] = []
  const { signal } = new AbortController()
  const mask = (secret: string) => void masked.push(secret)
  const result = await makeKubeconfig({ client, key, description: 'run 7', ttlMs: 60_000.4, mask, signal })
  return { result, masked }
}

test('a kubeconfig goes through Rancher, with a token of its own that ends', async () => {
  const server = await rancher(good)
  const { result, masked } = await ask(server, { token: 'token-given:g' })
  const { clusters, users, contexts, ...rest } = JSON.parse('text' in result ? result.text : '{}')
  expect(clusters[0].cluster).toEqual({
    server: 'https://localhost/k8s/clusters/local',
    'certificate-authority-data': Buffer.from(made.certificate).toString('base64'),
  })
  expect(users).toEqual([{ name: clusters[0].name, user: { token: 'token-made:m' } }])
  expect(contexts).toEqual([{ name: rest['current-context'], context: { cluster: 'rancher', user: 'rancher' } }])
  expect(server.asked).toEqual([`${MAKE} Bearer token-given:g`, `${TRY} Bearer token-made:m`])
  expect(server.bodies[0]).toEqual({ type: 'token', description: 'run 7', ttl: 60_000 })
  expect(masked).toEqual(['token-made:m'])
})

test('with the first password a session is opened for it, and ended again', async () => {
  const server = await rancher(good)
  const { result, masked } = await ask(server, { password: 'first' })
  expect(result).toHaveProperty('text')
  expect(server.asked.at(-1)).toBe(`${LOGOUT} Bearer token-session:s`)
  expect(masked).toEqual(['first', 'token-session:s', 'token-made:m'])
})

test.each<[string, Answers, RegExp, string]>([
  ['a password that is refused', { ...good, [LOGIN]: { status: 401 } }, /401.*first password/, LOGIN],
  ['a token that may make none', { ...good, [MAKE]: { status: 403 } }, /no token.*403/, LOGOUT],
  ['a proxy that does not answer', { ...good, [TRY]: { status: 502 } }, /local answered 502/, LOGOUT],
])('%s: there is none, and it says why', async (_, answers, why, last) => {
  const server = await rancher(answers)
  const { result } = await ask(server, { password: 'first' })
  expect(result).toEqual({ why: expect.stringMatching(why) })
  expect(server.asked.at(-1)).toContain(last)
})

test('what was made and does not work is ended', async () => {
  const server = await rancher({ ...good, [TRY]: { status: 502 } })
  await ask(server, { token: 'token-given:g' })
  expect(server.asked.at(-1)).toBe(`${LOGOUT} Bearer token-made:m`)
})

/** A file as makeKubeconfig writes it, for a Rancher on this port. */
async function file(port: number): Promise<string> {
  const server = await rancher(good)
  const { result } = await ask(server, { token: 'token-given:g' })
  const text = 'text' in result ? result.text.replace('https://localhost/', `https://localhost:${port}/`) : ''
  const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  folders.push(folder)
  writeFileSync(join(folder, 'kubeconfig'), text)
  return join(folder, 'kubeconfig')
}

test('the end of the job ends the token and removes the file; a second time there is nothing to do', async () => {
  const server = await rancher(good)
  const path = await file(server.port)
  expect(await endKubeconfig(path)).toMatch(/^ended the token/)
  expect(server.asked).toEqual([`${LOGOUT} Bearer token-made:m`])
  expect(existsSync(path)).toBe(false)
  expect(await endKubeconfig(path)).toBeUndefined()
})

test('a Rancher that is gone keeps nothing from being removed', async () => {
  const server = await rancher(good)
  const path = await file(server.port)
  for (const each of servers) each.close()
  const told = await endKubeconfig(path)
  expect(told).toMatch(/^removed the kubeconfig; its token ends by itself/)
  expect(existsSync(path)).toBe(false)
})
