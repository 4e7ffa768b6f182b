import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { StackError } from '../../errors.ts'

/** A lock on a file of this machine, gone when the process that holds it is. */
export interface Lock extends AsyncDisposable {
  /** Aborted when the lock ended before it was given back. */
  readonly lost: AbortSignal
}

/** flock's exit code when another holds the lock. */
const HELD = 75

/**
 * Takes a lock through flock(1). Its child holds it for as long as our end of its input is open, so that it ends with
 * us however we end; the child has a session of its own, because a cancelled run still has things to tidy under it.
 *
 * @param waitMs how long to wait for another holder; 0 does not wait
 * @param holder who we are, for those who wait; stands in the file
 * @throws StackError of kind `lease` that names the holder
 */
export async function takeLock(path: string, { waitMs, holder }: { waitMs: number; holder: string }): Promise<Lock> {
  const patience = waitMs > 0 ? ['--wait', String(waitMs / 1000)] : ['--nonblock']
  const hold = 'printf %s "$2" >"$1" && echo held && exec cat >/dev/null'
  const command = [...patience, '--conflict-exit-code', String(HELD), path, 'sh', '-c', hold, 'sh', path, holder]
  const child = spawn('flock', command, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = Promise.withResolvers<number | null>()
  child.once('error', ended.reject)
  child.once('exit', ended.resolve)
  // The end is awaited below, or seen by `lost`; here it only must not go unheard.
  ended.promise.catch(() => {})

  const complaint: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text))
  const first = await Promise.race([once(child.stdout, 'data'), ended.promise])
  if (!Array.isArray(first)) throw await notTaken(path, first, complaint.join(''))

  const lost = new AbortController()
  let givenBack = false
  child.once('exit', () => {
    if (!givenBack) lost.abort(new StackError('lease', `The lock ${path} was lost: its holder ended.`))
  })
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      givenBack = true
      child.stdin.end()
      await ended.promise
    },
  }
}

async function notTaken(path: string, exitCode: number | null, complaint: string): Promise<StackError> {
  if (exitCode !== HELD) return new StackError('bug', `flock ${path} ended with ${exitCode}: ${complaint.trim()}`)
  const holder = (await readFile(path, 'utf8')).trim() || 'another run'
  return new StackError('lease', `Run ${holder} holds ${path}.`, {
    stands: 'Nothing was changed.',
    next: 'Wait until that run has ended, or give `wait-for-lease` the time it may take.',
    retry: true,
  })
}
