import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorCode } from './error-code.ts'

const BROKEN_PIPE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])

export type ClientResult = { exitCode: number | undefined; stdout: string; stderr: string }

export type ClientOptions = {
  input?: string | Buffer | Readable
  /** Path of a file that takes standard output, which is then empty in the result. */
  saveTo?: string
  signal: AbortSignal
}

/**
 * Runs one ssh client to its end.
 *
 * @returns `exitCode` undefined when a signal ended the client
 * @throws the reason of `signal` once it is aborted and the client has been ended, and whatever `input` throws
 */
export async function runClient(args: string[], { input, saveTo, signal }: ClientOptions): Promise<ClientResult> {
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
  if (saveTo === undefined) child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  try {
    const [[exitCode]] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      child.stdin === null || input === undefined ? undefined : feed(input, child.stdin, kill),
      child.stdout === null || saveTo === undefined ? undefined : save(child.stdout, saveTo, kill),
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

/** A file that cannot be written ends the command: nobody reads it any more. */
async function save(stdout: Readable, path: string, kill: () => void): Promise<void> {
  try {
    await pipeline(stdout, createWriteStream(path, { mode: 0o600 }))
  } catch (error) {
    kill()
    throw error
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
