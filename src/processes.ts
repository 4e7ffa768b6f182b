import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** In the environment of everything a run starts, so that it is found again whoever its parent is by then. */
export const MARKER = 'RANCHER_HA_FOLDER'

/** Ends what a run started and left: asks, waits for at most `graceMs`, then kills. @returns how many there were */
export async function endProcesses(marker: string, { graceMs }: { graceMs: number }): Promise<number> {
  const found = await markedProcesses(marker)
  signalAll(found, 'SIGTERM')
  const deadline = Date.now() + graceMs
  let left = found
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(50)
    left = await markedProcesses(marker)
  }
  signalAll(left, 'SIGKILL')
  return found.length
}

/** Ids of the processes that carry the marker, without this one. Empty where there is no /proc. */
export async function markedProcesses(marker: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  const ids = entries.map(Number).filter((id) => Number.isInteger(id) && id !== process.pid)
  const marked = await Promise.all(ids.map((id) => carries(id, `${MARKER}=${marker}`)))
  return ids.filter((_, index) => marked[index])
}

/** A process that is gone or not ours to read carries nothing. */
async function carries(id: number, entry: string): Promise<boolean> {
  const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
  return environment.split('\0').includes(entry)
}

function signalAll(ids: number[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const id of ids) {
    try {
      process.kill(id, signal)
    } catch (error) {
      // It ended by itself in between.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
