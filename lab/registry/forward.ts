import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Transform, type TransformCallback } from 'node:stream'
import { setTimeout } from 'node:timers/promises'

type Endpoint = { host: string; port: number }

/**
 * Forwards TCP connections from one endpoint to another; what comes back goes no faster, over all connections
 * together, than the given rate.
 */
export async function forward(from: Endpoint, to: Endpoint, bytesPerSecond = Number.POSITIVE_INFINITY) {
  const open = new Set<Socket>()
  const pace = pacer(bytesPerSecond)
  let sent = 0
  const server = createServer((near) => {
    const far = connect(to)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => open.delete(socket))
    }
    near.on('close', () => far.destroy())
    near.pipe(far)
    const slow = slowed(pace, (bytes) => {
      sent += bytes
    })
    far.pipe(slow).pipe(near)
  })
  server.listen(from)
  await once(server, 'listening')
  return {
    sentBytes: () => sent,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** When each piece may go: one after another on a link of this rate. */
function pacer(bytesPerSecond: number): (bytes: number) => number {
  let free = 0
  return (bytes) => {
    const now = performance.now()
    free = Math.max(free, now) + (bytes / bytesPerSecond) * 1000
    return free - now
  }
}

function slowed(pace: (bytes: number) => number, passed: (bytes: number) => void): Transform {
  const send = async (chunk: Buffer, done: TransformCallback) => {
    const waitMs = pace(chunk.length)
    if (waitMs >= 1) await setTimeout(waitMs)
    passed(chunk.length)
    done(null, chunk)
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      send(chunk, done).catch(done)
    },
  })
}
