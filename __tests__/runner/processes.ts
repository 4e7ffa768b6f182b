import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export type Leftover = { pid: number; command: string }

/**
 * Processes that carry the runner's tracking id in their environment, whoever is their parent now.
 * The real runner ends a job's orphans by the same variable, RUNNER_TRACKING_ID.
 */
export async function trackedProcesses(trackingId: string): Promise<Leftover[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readProc(pid, 'environ')
      if (!environment.includes(`RUNNER_TRACKING_ID=${trackingId}\0`)) return []
      const command = (await readProc(pid, 'cmdline')).replaceAll('\0', ' ').trim()
      return command === '' ? [] : [{ pid, command }]
    }),
  )
  return found.flat()
}

/** A file of /proc; empty when the process ended meanwhile or is not ours to read. */
async function readProc(pid: number, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** What is still alive after the grace a closing connection needs. */
export async function leftovers(trackingId: string, graceMs = 2_000): Promise<Leftover[]> {
  const until = Date.now() + graceMs
  for (;;) {
    const alive = await trackedProcesses(trackingId)
    if (alive.length === 0 || Date.now() > until) return alive
    await sleep(100)
  }
}

/** Ends the whole tree, as the runner does when its patience is over. */
export async function killTree(trackingId: string): Promise<void> {
  for (const { pid } of await trackedProcesses(trackingId)) signal(pid, 'SIGKILL')
}

/** Sends a signal; a process that has ended meanwhile needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Highest resident memory of a process so far; 0 when it has ended. */
export async function peakRss(pid: number): Promise<number> {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(await readProc(pid, 'status'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}
