import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Place = { address: string; hostname: string; port: number; secure: boolean }

/** Connections that are kept open until this is closed. */
export interface Held extends Disposable {
  readonly open: number
  /** What went wrong with those that did not come about. */
  readonly failures: string[]
  add(count: number, signal: AbortSignal): Promise<void>
}

const CONNECT_MS = 5_000

/** Opens connections to one place and speaks the protocol on each: a bare connect may succeed with nothing behind. */
export function holdConnections(place: Place): Held {
  const sockets: Socket[] = []
  const failures: string[] = []
  const isOpen = (socket: Socket) => !socket.destroyed && socket.readable && socket.writable
  return {
    failures,
    get open() {
      return sockets.filter(isOpen).length
    },
    async add(count, signal) {
      await Promise.all(
        Array.from({ length: count }, async () => {
          try {
            sockets.push(await speak(place, AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)])))
          } catch (thrown) {
            failures.push(thrown instanceof Error ? thrown.message : String(thrown))
          }
        }),
      )
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** One connection over which the far end has said something: its TLS handshake, or an HTTP answer. */
function speak({ address, hostname, port, secure }: Place, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  // Whether the certificate is the right one is another probe's question.
  const socket = secure
    ? connectTls({ host: address, port, servername: hostname, rejectUnauthorized: false })
    : connectTcp({ host: address, port })
  const giveUp = () => socket.destroy(new Error(`no answer on port ${port}`))
  signal.addEventListener('abort', giveUp, { once: true })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`port ${port} was closed without an answer`)))
  const done = () => {
    signal.removeEventListener('abort', giveUp)
    socket.on('data', () => {})
    resolve(socket)
  }
  if (secure) socket.once('secureConnect', done)
  else {
    socket.once('connect', () => socket.write(`HEAD / HTTP/1.1\r\nHost: ${hostname}\r\nConnection: keep-alive\r\n\r\n`))
    socket.once('data', done)
  }
  if (signal.aborted) giveUp()
  return promise
}
