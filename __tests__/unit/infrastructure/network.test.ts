import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { answersOn, resolveAll } from '../../../src/infrastructure/network.ts'

/** A port of this machine where every connection is met like this. */
async function server(meet: (socket: Socket) => void) {
  const listening = createServer(meet).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return {
    port: (listening.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      listening.close()
      await once(listening, 'close')
    },
  }
}

test('a greeting is heard in pieces, another one is no answer', async () => {
  await using sshd = await server((socket) => {
    socket.on('error', () => {})
    socket.write('SS')
    setImmediate(() => socket.end('H-2.0-OpenSSH\r\n'))
  })
  expect(await answersOn('127.0.0.1', sshd.port, 'SSH-')).toBe(true)
  expect(await answersOn('127.0.0.1', sshd.port, 'HTTP')).toBe(false)
  expect(await answersOn('127.0.0.1', sshd.port)).toBe(true)
})

test('a connection that is closed without a word is no answer, nor is a closed port', async () => {
  let port: number
  {
    await using silent = await server((socket) => socket.end())
    port = silent.port
    expect(await answersOn('127.0.0.1', port, 'SSH-')).toBe(false)
  }
  expect(await answersOn('127.0.0.1', port)).toBe(false)
})

test('an address resolves to itself, a name that cannot exist to nothing', async () => {
  expect(await resolveAll('192.0.2.7')).toEqual(['192.0.2.7'])
  expect(await resolveAll('localhost')).toContain('127.0.0.1')
  expect(await resolveAll('nothing.invalid')).toEqual([])
})
