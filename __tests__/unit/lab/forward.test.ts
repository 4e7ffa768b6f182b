import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { forward } from '../../../lab/registry/forward.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server that answers every connection with so many bytes. */
async function source(bytes: number): Promise<number> {
  const server = createServer((socket) => socket.end(Buffer.alloc(bytes, 'x'))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return (server.address() as { port: number }).port
}

async function received(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  let bytes = 0
  socket.on('data', (chunk) => {
    bytes += chunk.length
  })
  await once(socket, 'close')
  return bytes
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('two connections share one rate, and all bytes arrive', async () => {
  const bytes = 200_000
  const port = await freePort()
  const link = await forward({ host: '127.0.0.1', port }, { host: '127.0.0.1', port: await source(bytes) }, 800_000)
  closing.push(() => link.close())

  const started = performance.now()
  expect(await Promise.all([received(port), received(port)])).toEqual([bytes, bytes])
  expect(performance.now() - started).toBeGreaterThan(450)
  expect(link.sentBytes()).toBe(2 * bytes)
})
