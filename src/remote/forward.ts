import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { StackError } from '../errors.ts'
import { runClient } from './client-process.ts'
import type { Forward } from './host.ts'
import type { Master } from './master.ts'
import { lastWords } from './ssh-failure.ts'
import { clientArguments } from './ssh-options.ts'

const DEADLINE_MS = 10_000
/** A free port may be gone before ssh takes it; a few in a row are another trouble. */
const ATTEMPTS = 5

/**
 * Opens a port of 127.0.0.1 that ends at address:port as seen from the master's machine, and sees it listen.
 *
 * @throws StackError of kind `ssh` that says what ssh said, or that it said nothing in time
 */
export async function openForward(
  master: Master,
  address: string,
  port: number,
  deadlineMs = DEADLINE_MS,
): Promise<Forward> {
  let why = ''
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const local = await findFreePort()
    const spec = `127.0.0.1:${local}:${address.includes(':') ? `[${address}]` : address}:${port}`
    const { exitCode, stderr } = await control(master, deadlineMs, '-O', 'forward', '-L', spec)
    if (exitCode === 0) {
      await proveListening(local)
      return { port: local, [Symbol.asyncDispose]: () => cancel(master, spec) }
    }
    why = lastWords(stderr)
  }
  throw new StackError('ssh', `No port could be forwarded to ${address}:${port} over ${master.target.address}: ${why}`)
}

/** A connection that has ended took its forwards along. */
async function cancel(master: Master, spec: string): Promise<void> {
  if (master.ended.aborted) return
  const { exitCode, stderr } = await control(master, DEADLINE_MS, '-O', 'cancel', '-L', spec)
  if (exitCode !== 0 && !master.ended.aborted) {
    throw new StackError('ssh', `The forward ${spec} could not be ended: ${lastWords(stderr)}`)
  }
}

async function control(master: Master, deadlineMs: number, ...command: string[]) {
  const late = AbortSignal.timeout(deadlineMs)
  try {
    const signal = AbortSignal.any([master.ended, late])
    return await runClient(clientArguments(master.target, master.controlPath, ...command), { signal })
  } catch (cause) {
    if (master.ended.aborted || !late.aborted) throw cause
    throw new StackError('ssh', `ssh to ${master.target.address} did not answer within ${deadlineMs / 1000} s.`, {
      retry: true,
      cause,
    })
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function proveListening(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) })
  } catch (cause) {
    throw new StackError('ssh', `ssh says it forwards port ${port}, but nobody listens there.`, { cause })
  } finally {
    socket.destroy()
  }
}
