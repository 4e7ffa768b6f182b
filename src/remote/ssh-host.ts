import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { StackError } from '../errors.ts'
import type { Node } from '../node.ts'
import { runClient } from './client-process.ts'
import { openForward } from './forward.ts'
import type { CommandOptions, CommandResult, Host } from './host.ts'
import type { Master } from './master.ts'
import { renderCommand } from './shell.ts'
import { lastWords } from './ssh-failure.ts'
import { clientArguments } from './ssh-options.ts'
import { createTurns } from './turns.ts'
import { writeFile } from './write-file.ts'

const DEFAULT_DEADLINE_MS = 60_000

/** sshd lets ten sessions share a connection unless told otherwise (MaxSessions); one is the master's own. */
const SESSIONS_AT_ONCE = 8

/**
 * A node behind an open connection. A deadline or an abort ends the client here; what it had started on the node gets
 * no further input and may go on by itself, so whoever aborts must not take the work for undone.
 */
export function createHost(node: Node, master: Master, session: string): Host {
  const turn = createTurns(SESSIONS_AT_ONCE)
  const inTurn = async (command: string, options: CommandOptions, saveTo?: string) => {
    using _turn = await turn()
    return await runCommand(node, master, session, command, options, saveTo)
  }

  const host: Host = {
    node,

    try: (command, options = {}) => inTurn(command, options),

    async run(command, options = {}) {
      return judged(node, command, await host.try(command, options))
    },

    async write(path, content, mode) {
      await writeFile(host, path, content, mode)
    },

    async pipe(localPath, command, options = {}) {
      return judged(node, command, await host.try(command, { ...options, input: await openFile(localPath) }))
    },

    async save(command, localPath, options = {}) {
      judged(node, command, await inTurn(command, options, localPath))
    },

    forward: (address, port) => openForward(master, address, port),
  }
  return host
}

async function runCommand(
  node: Node,
  master: Master,
  session: string,
  command: string,
  { input, sudo, deadlineMs = DEFAULT_DEADLINE_MS, signal }: CommandOptions,
  saveTo?: string,
): Promise<CommandResult> {
  const late = AbortSignal.timeout(deadlineMs)
  const stop = AbortSignal.any([late, master.ended, ...(signal === undefined ? [] : [signal])])
  const line = renderCommand(command, { session, root: sudo === true && node.user !== 'root' })
  const args = [...clientArguments(master.target, master.controlPath), line]
  try {
    const { exitCode, stdout, stderr } = await runClient(args, {
      ...(input === undefined ? {} : { input }),
      ...(saveTo === undefined ? {} : { saveTo }),
      signal: stop,
    })
    if (exitCode !== undefined && !(exitCode === 255 && (await isOurs(master, stderr))))
      return { exitCode, stdout, stderr }
    throw unsent(node, command, stderr)
  } catch (error) {
    throw stopped(error, { node, command, master, late, signal, deadlineMs })
  }
}

/** ssh ends with 255 for its own troubles, and a command may: the command's it is when the connection stands. */
async function isOurs(master: Master, stderr: string): Promise<boolean> {
  if (/^(mux_client|Session open refused|Connection closed by UNKNOWN)/m.test(stderr)) return true
  const check = clientArguments(master.target, master.controlPath, '-O', 'check')
  const { exitCode } = await runClient(check, { signal: AbortSignal.any([master.ended, AbortSignal.timeout(5000)]) })
  return exitCode !== 0
}

function unsent(node: Node, command: string, stderr: string): StackError {
  return new StackError('ssh', `${node.name}: ${brief(command)} could not be run: ${lastWords(stderr)}.`, {
    next: `Look at the sshd of ${node.name} (its log, MaxSessions), then run again.`,
  })
}

type Stop = {
  node: Node
  command: string
  master: Master
  late: AbortSignal
  signal: AbortSignal | undefined
  deadlineMs: number
}

/** The error a stopped command is told by: whose wish it was, in the order of what is most worth knowing. */
function stopped(error: unknown, { node, command, master, late, signal, deadlineMs }: Stop): unknown {
  if (error instanceof StackError && error !== master.ended.reason) return error
  const stands = `What it had started on ${node.name} may go on.`
  if (master.ended.aborted) {
    const { message } = master.ended.reason as StackError
    const what = `${node.name}: ${brief(command)} was cut off. ${message}`
    return new StackError('ssh', what, {
      stands,
      next: `Look whether ${node.name} runs, then run again.`,
      cause: error,
    })
  }
  if (signal?.aborted) {
    if (signal.reason instanceof StackError) return signal.reason
    return new StackError('ssh', `${node.name}: ${brief(command)} was stopped.`, { stands, cause: error })
  }
  if (late.aborted) {
    const what = `${node.name}: ${brief(command)} did not end within ${deadlineMs / 1000} s.`
    return new StackError('ssh', what, {
      stands,
      next: `Look at what ${node.name} is busy with, then run again.`,
      cause: error,
    })
  }
  return new StackError(
    'ssh',
    `${node.name}: ${brief(command)} failed: ${error instanceof Error ? error.message : error}`,
    {
      cause: error,
    },
  )
}

function judged(node: Node, command: string, { exitCode, stdout, stderr }: CommandResult): string {
  if (exitCode === 0) return stdout
  const said = stderr.trim() === '' ? '' : `: ${stderr.trim().slice(-2000)}`
  throw new StackError('ssh', `${node.name}: ${brief(command)} ended with exit code ${exitCode}${said}`)
}

/** A command as an error names it: its first line, no longer than a line of a log. */
function brief(command: string): string {
  const [line = ''] = command.trim().split('\n')
  return `\`${line.length > 100 ? `${line.slice(0, 99)}…` : line}\``
}

/** @throws StackError of kind `input` when the file cannot be read, before anything is sent */
async function openFile(path: string): Promise<Readable> {
  const stream = createReadStream(path)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.once('open', () => resolve())
  stream.once('error', (cause) =>
    reject(new StackError('input', `${path} cannot be read: ${cause.message}`, { cause })),
  )
  await promise
  return stream
}
