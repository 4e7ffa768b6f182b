import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorCode } from './error-code.ts'

const BROKEN_PIPE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])

export type ClientResult = { exitCode: number | undefined; stdout: string; stderr: string }

export type ClientOptions = { input?: string | Buffer | Readable; signal: AbortSignal }

/**
 * Runs one ssh client to its end.
 *
 * @returns `exitCode` undefined when a signal ended the client
 * @throws the reason of `signal` once it is aborted and the client has been ended, and whatever `input` throws
 */
export async function runClient(args: string[], { input, signal }: ClientOptions): Promise<ClientResult> {
  signal.throwIfAborted()
  const child = spawn('ssh', args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const kill = () => {
    child.kill('SIGTERM')
    // The master holds copies of these pipes for as long as the command over there runs.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }
  signal.addEventListener('abort', kill)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  try {
    const [[exitCode]] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      child.stdin === null || input === undefined ? undefined : feed(input, child.stdin, kill),
    ])
    signal.throwIfAborted()
    return { exitCode: exitCode ?? undefined, stdout: text(stdout), stderr: text(stderr) }
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

/** A command may end without reading all of its input: its exit code tells what that means, not the broken pipe. */
async function feed(input: string | Buffer | Readable, stdin: NodeJS.WritableStream, kill: () => void): Promise<void> {
  const source = input instanceof Readable ? input : Readable.from([input])
  try {
    await pipeline(source, stdin)
  } catch (error) {
    if (BROKEN_PIPE.has(errorCode(error) ?? '')) return
    kill()
    throw error
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
