import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { StackError } from '../errors.ts'
import { runClient } from './client-process.ts'
import { renderCommand } from './shell.ts'
import { judgeFailure, lastWords, type SshFailure } from './ssh-failure.ts'
import { clientArguments, type MasterOptions, masterArguments, type SshTarget } from './ssh-options.ts'

/** The one connection to a machine, through which all its commands and forwards go. */
export interface Master extends AsyncDisposable {
  readonly target: SshTarget
  readonly controlPath: string
  /** Aborted once the connection has ended, by whatever cause; never comes back. The reason is a StackError. */
  readonly ended: AbortSignal
}

export type MasterAttempt = { master: Master } | { failure: SshFailure }

const READY = 'rancher-ha-connected'
const KEPT_CHARACTERS = 16_384

/**
 * Opens the connection. The client lives as long as this process: what it runs over there reads this process's pipe,
 * so that a run that was killed leaves no connection behind.
 *
 * @param signal ends the attempt (as unreachable), not the connection
 */
export async function openMaster(
  target: SshTarget,
  options: MasterOptions,
  { session, signal }: { session: string; signal: AbortSignal },
): Promise<MasterAttempt> {
  const command = renderCommand(`echo ${READY}; exec cat >/dev/null`, { session, root: false })
  // A process group of its own: an interrupt at the terminal is this process's to handle, over a living connection.
  const child = spawn('ssh', masterArguments(target, options, command), { detached: true })
  const said = listen(child)
  const closed = once(child, 'close')
  const kill = () => child.kill('SIGTERM')
  signal.addEventListener('abort', kill)
  let connected: boolean
  try {
    connected = await Promise.race([said.ready.then(() => true), closed.then(() => false)])
  } catch (cause) {
    throw new StackError('preflight', 'The OpenSSH client `ssh` could not be started.', {
      stands: 'Nothing was changed.',
      next: 'Install OpenSSH on the machine this runs on (Debian: openssh-client).',
      cause,
    })
  } finally {
    signal.removeEventListener('abort', kill)
  }
  if (!connected) {
    return { failure: signal.aborted ? silence(said.stderr()) : judgeFailure(said.stderr()) }
  }

  const ended = new AbortController()
  const over = closed.then(() => ended.abort(connectionLost(target, said.stderr())))
  return {
    master: {
      target,
      controlPath: options.controlPath,
      ended: ended.signal,
      async [Symbol.asyncDispose]() {
        await endMaster(child, target, options.controlPath, ended.signal)
        await over
      },
    },
  }
}

function listen(child: ChildProcess): { ready: Promise<void>; stderr: () => string } {
  let stderr = ''
  let stdout = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-KEPT_CHARACTERS)
  })
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout = (stdout + chunk.toString()).slice(-KEPT_CHARACTERS)
    if (stdout.includes(READY)) resolve()
  })
  // The client's end is what counts; its pipe breaking first says nothing more.
  child.stdin?.on('error', () => undefined)
  return { ready: promise, stderr: () => stderr }
}

function silence(said: string): SshFailure {
  const last = lastWords(said)
  return { kind: 'unreachable', why: last === '' ? 'no answer in time' : `no answer in time (${last})` }
}

function connectionLost({ user, address, port }: SshTarget, said: string): StackError {
  const why = lastWords(said)
  return new StackError('ssh', `The connection to ${user}@${address}:${port} ended${why === '' ? '' : `: ${why}`}.`, {
    stands: 'What was started on the machine may go on.',
    next: 'Look whether the machine runs and is reachable, then run again.',
  })
}

/** Asks the client to end, with all that goes through it; a client that does not listen is killed. */
async function endMaster(child: ChildProcess, target: SshTarget, controlPath: string, ended: AbortSignal) {
  if (ended.aborted) return
  const gone = once(ended, 'abort')
  await runClient(clientArguments(target, controlPath, '-O', 'exit'), {
    signal: AbortSignal.any([ended, AbortSignal.timeout(2000)]),
  }).catch(() => child.kill('SIGKILL'))
  const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
  await gone
  clearTimeout(timer)
}
