import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'

const CONNECT_MS = 2_000

/** Every address the runner's resolver gives for a name, hosts file included; empty when it gives none. */
export async function resolveAll(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return []
    throw thrown
  }
}

/** Whether a TCP connection is accepted within 2 s and, where a greeting is given, the other side opens with it. */
export async function answersOn(address: string, port: number, greeting = ''): Promise<boolean> {
  const socket = connect({ host: address, port, timeout: CONNECT_MS })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let heard = ''
  socket.setEncoding('utf8')
  socket.on('connect', () => greeting === '' && resolve(true))
  socket.on('data', (text: string) => {
    heard += text
    if (heard.length >= greeting.length) resolve(heard.startsWith(greeting))
  })
  for (const end of ['timeout', 'error', 'close']) socket.on(end, () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
