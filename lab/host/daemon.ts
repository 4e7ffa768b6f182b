import { spawn } from 'node:child_process'
import { copyFile, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DOCKER_HOST, LAB, RUN } from '../places.ts'
import { LIVE } from './disk.ts'
import { DOCKER_ENV, docker } from './docker.ts'
import { unmountBelow } from './mounts.ts'
import { networks, removeTraces } from './traces.ts'
import { until } from './wait.ts'

const PID = join(RUN, 'docker.pid')
const LOG = join(RUN, 'docker.log')
const SHIM = join(RUN, 'runc')

/** Starts the lab's own Docker over whatever a killed run left; at once when it answers already. */
export async function startDaemon(): Promise<void> {
  if (await answers()) return
  const stale = await daemonPid()
  if (stale !== undefined) await end(stale)
  await rm(PID, { force: true })
  await mkdir(RUN, { recursive: true })
  await copyFile(join(import.meta.dirname, '../machine/files/usr/sbin/runc'), SHIM)

  const log = await open(LOG, 'a')
  const daemon = spawn('/usr/sbin/dockerd', flags(), {
    env: { ...process.env, ...DOCKER_ENV },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  await log.close()
  let ended = false
  daemon.once('exit', () => {
    ended = true
  })
  await until('the lab’s Docker to answer', async () => ended || (await answers()))
  if (ended)
    throw new Error(
      `The lab's Docker did not start:\n${(await readFile(LOG, 'utf8')).split('\n').slice(-15).join('\n')}`,
    )
  daemon.unref()
}

/** Ends the lab's Docker with all containers, and what it leaves in this machine's network. */
export async function stopDaemon(): Promise<void> {
  // One that does not answer may have left containers; it is started to end them.
  if (!(await answers())) await startDaemon()
  const running = (await docker(['ps', '-q'])).split('\n').filter((id) => id !== '')
  if (running.length > 0) await docker(['kill', ...running])
  const left = await networks()
  const pid = await daemonPid()
  if (pid !== undefined) await end(pid)
  for (const folder of [LIVE, RUN]) await unmountBelow(folder)
  await removeTraces(left)
}

export function answers(): Promise<boolean> {
  return docker(['version', '-f', '{{.Server.Version}}']).then(
    () => true,
    () => false,
  )
}

function flags(): string[] {
  return [
    ...['--host', DOCKER_HOST, '--data-root', LIVE, '--exec-root', join(RUN, 'exec'), '--pidfile', PID],
    // A snapshot of the disk would leave out the subvolumes that Docker's Btrfs driver makes.
    ...['--storage-driver', 'overlay2', '--bridge', 'none'],
    ...['--add-runtime', `lab=${SHIM}`, '--default-runtime', 'lab'],
    // Beside another Docker on this machine, whose containerd it may share.
    ...['--containerd-namespace', LAB, '--containerd-plugins-namespace', `${LAB}-plugins`],
  ]
}

/** The process that the pid file names, when it is alive and a dockerd. */
async function daemonPid(): Promise<number | undefined> {
  const text = await readFile(PID, 'utf8').catch(() => '')
  const pid = Number(text)
  if (text === '' || !Number.isInteger(pid)) return undefined
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return name.trim() === 'dockerd' ? pid : undefined
}

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM')
  const gone = () => !isAlive(pid)
  await until(`dockerd (${pid}) to end`, gone, { deadlineMs: 30_000 }).catch(() => process.kill(pid, 'SIGKILL'))
  await until(`dockerd (${pid}) to be killed`, gone, { deadlineMs: 5000 })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
