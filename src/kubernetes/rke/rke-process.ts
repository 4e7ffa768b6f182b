import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { StackError } from '../../errors.ts'
import { type LogLine, parseLogLine } from './log-line.ts'

export type RkeCall = {
  binary: string
  args: string[]
  /** Working folder; rke writes state and kubeconfig beside its configuration. */
  folder: string
  log: (line: string) => void
  signal: AbortSignal
}

/** How long rke may take to end by itself after it was asked to. */
const GRACE_MS = 2_000

/**
 * Runs rke to its end. Its exit code 0 is no proof of anything but that it ended; the cluster is asked afterwards.
 * @throws StackError of kind `kubernetes` (exit 1), `ssh` (a node it could not reach), `input` (a version or setting it
 *   refuses), `bug` (exit 2, a panic of rke), `timeout` when `signal` ended it
 */
export async function runRke({ binary, args, folder, log, signal }: RkeCall): Promise<void> {
  signal.throwIfAborted()
  // A group of its own: whatever rke may start ends with it. Nothing of our environment is passed on: it holds secrets.
  const child = spawn(binary, args, {
    cwd: folder,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: folder },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (name: NodeJS.Signals) => endGroup(child.pid, name)
  const killNow = () => kill('SIGKILL')
  process.once('exit', killNow)
  let grace: NodeJS.Timeout | undefined
  const end = () => {
    kill('SIGTERM')
    grace = setTimeout(killNow, GRACE_MS)
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [code, lines] = await Promise.all([ended, follow([child.stdout, child.stderr], log)])
    if (code !== 0) throw rkeError(code, lines, signal)
  } finally {
    clearTimeout(grace)
    signal.removeEventListener('abort', end)
    process.off('exit', killNow)
  }
}

function endGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    // ESRCH: the group has ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Tells every line as it comes; keeps the last ones, and those of warnings and errors. */
async function follow(streams: NodeJS.ReadableStream[], log: (line: string) => void): Promise<LogLine[]> {
  const kept: LogLine[] = []
  await Promise.all(
    streams.map(async (stream) => {
      for await (const text of createInterface({ input: stream })) {
        const line = parseLogLine(text)
        if (line.message === '') continue
        log(formatLogLine(line))
        if (line.level !== 'info' && line.level !== 'debug') kept.push(line)
        if (kept.length > 40) kept.shift()
      }
    }),
  )
  return kept
}

export function formatLogLine({ level, message }: LogLine): string {
  return level === 'info' || level === 'other' ? message : `${level}: ${message}`
}

/** What a failed rke means. Pure but for `signal`. */
export function rkeError(code: number | null, lines: LogLine[], signal: AbortSignal): StackError {
  const reason: unknown = signal.reason
  if (signal.aborted) {
    return reason instanceof StackError
      ? reason
      : new StackError('timeout', 'rke was ended', { cause: reason, next: 'Run again.' })
  }
  const told = lines.filter(({ level }) => level === 'fatal' || level === 'error')
  const last = (told.length > 0 ? told : lines).slice(-3).map(({ message }) => message)
  const what = `rke ended with exit code ${code}: ${last.join(' · ') || 'it said nothing'}`
  if (code === 2) {
    return new StackError('bug', what, {
      stands: 'rke stopped half-way; what ran goes on running.',
      next: 'Run again; if it stops at the same place, report this with the log of the run.',
    })
  }
  const kind = kindOf(last.join('\n'))
  return new StackError(kind, what, {
    stands: 'What rke had done stands; the state of the cluster is kept on its nodes.',
    next:
      kind === 'input'
        ? 'Mend rke-config or kubernetes-version and run again.'
        : 'Run again: it goes on from what stands.',
    retry: kind !== 'input',
  })
}

function kindOf(text: string): 'input' | 'ssh' | 'kubernetes' {
  if (/could not be contacted|SSH tunnel|failed to connect to the following/i.test(text)) return 'ssh'
  if (/unsupported Kubernetes version|Failed to (parse|validate) cluster|is not valid|invalid/i.test(text))
    return 'input'
  return 'kubernetes'
}
