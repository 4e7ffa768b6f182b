import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import type { Writable } from 'node:stream'

type Options = {
  cwd?: string
  env?: Record<string, string | undefined>
  /** What the program reads: text, or a file's content. */
  input?: string | { file: string }
  /** Exit codes that are no failure; 0 alone when absent. */
  accept?: number[]
  /** Whether what it prints on stderr is shown as it comes, and is not part of an error. */
  show?: boolean
}

/**
 * Runs a program to its end and gives what it printed on stdout.
 *
 * @throws Error that names the command, its exit code and the last lines of its stderr.
 */
export async function run(program: string, args: string[], options: Options = {}): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', options.show === true ? 'inherit' : 'pipe'],
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  feed(child.stdin, options.input)

  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => resolve(status ?? (signal === null ? 1 : 128)))
  })
  if (!(options.accept ?? [0]).includes(code)) throw failure(program, args, code, out, err)
  return Buffer.concat(out).toString()
}

/** Whether the program ends with 0; what it prints is dropped. */
export async function succeeds(program: string, args: string[], options: Options = {}): Promise<boolean> {
  try {
    await run(program, args, options)
    return true
  } catch {
    return false
  }
}

function feed(stdin: Writable | null, input: Options['input']): void {
  if (stdin === null) return
  // A program that ends before it has read all its input says so by its exit code.
  stdin.on('error', () => undefined)
  if (typeof input === 'object') createReadStream(input.file).pipe(stdin)
  else stdin.end(input)
}

function failure(program: string, args: string[], code: number, out: Buffer[], err: Buffer[]): Error {
  const said = Buffer.concat(err.length > 0 ? err : out)
    .toString()
    .trim()
    .split('\n')
    .slice(-15)
    .join('\n')
  return new Error(`${program} ${args.join(' ')}: exit ${code}\n${said}`)
}
