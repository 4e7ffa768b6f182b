import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '../../errors.ts'
import { answersOn, resolveAll } from '../network.ts'
import { type HostsEntry, withEntry } from './hosts-file.ts'
import { takeLock } from './lock.ts'

/** The machine the run is on, as far as this provider looks at it or changes it. */
export interface Runner {
  /** Folder for locks; empty files stay in it until the machine starts anew, since to remove one could split a lock in two. */
  readonly locks: string
  /** Its IPv4 routes but the default one ("172.17.0.0/16"). */
  routes(): Promise<string[]>
  /** Every address its resolver gives for a name; empty when it gives none. */
  resolve(hostname: string): Promise<string[]>
  readHosts(): Promise<string>
  /** Sets or removes the one line with this mark. */
  writeHosts(mark: string, entry: HostsEntry | undefined, signal: AbortSignal): Promise<void>
  /** Whether a connection is accepted, and, with a greeting, whether the other side opens with it. */
  answers(address: string, port: number, greeting?: string): Promise<boolean>
}

const EDIT_WAIT_MS = 30_000

/**
 * Whole or not at all, hence the count of bytes: a run that is killed ends the input early. Where the file cannot be
 * replaced (a bind mount), its content is.
 */
const REPLACE = `umask 022; cat >"$1.new" && [ "$(wc -c <"$1.new")" -eq "$2" ] &&
  { mv -f "$1.new" "$1" 2>/dev/null || { cat "$1.new" >"$1" && rm "$1.new"; }; }`

const LOCKS = existsSync('/run/lock') ? '/run/lock' : tmpdir()

/** @param hostsFile what the resolver reads, /etc/hosts but in tests, which have a folder for locks of their own too */
export function thisRunner(hostsFile = '/etc/hosts', locks = LOCKS): Runner {
  return {
    locks,

    async routes() {
      const { stdout } = await promisify(execFile)('ip', ['-json', '-4', 'route', 'show'])
      const routes = JSON.parse(stdout) as { dst: string }[]
      return routes.map(({ dst }) => dst).filter((dst) => dst !== 'default')
    },

    resolve: resolveAll,

    readHosts: () => readFile(hostsFile, 'utf8'),

    async writeHosts(mark, entry, signal) {
      const lockFile = join(locks, 'rancher-ha-hosts-file.lock')
      await using _lock = await takeLock(lockFile, { waitMs: EDIT_WAIT_MS, holder: String(process.pid) })
      const before = await readFile(hostsFile, 'utf8')
      const after = withEntry(before, mark, entry)
      if (after !== before) await replace(hostsFile, after, signal)
    },

    answers: answersOn,
  }
}

async function replace(file: string, content: string, signal: AbortSignal): Promise<void> {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n', '--']
  const [program = 'sh', ...args] = [...asRoot, 'sh', '-c', REPLACE, 'sh', file, String(Buffer.byteLength(content))]
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], signal })
  const said: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  child.stdin.on('error', () => {})
  child.stdin.end(content)
  const ended = once(child, 'close').catch((cause: Error) => Promise.reject(unstarted(file, cause)))
  const [exitCode] = (await ended) as [number | null]
  if (exitCode !== 0) throw unwritten(`${file} could not be written (exit code ${exitCode}): ${said.join('').trim()}`)
}

/** A program that is not there; that the run was stopped stays what it is. */
function unstarted(file: string, cause: Error): Error {
  return 'syscall' in cause ? unwritten(`${file} could not be written, for want of a program: ${cause.message}`) : cause
}

function unwritten(what: string): StackError {
  return new StackError('preflight', what, {
    next: 'Let the runner be root, or let it use sudo without a password.',
  })
}
