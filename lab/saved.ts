import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemon, stopDaemon } from './host/daemon.ts'
import { copyFolder, isBtrfs, LIVE, SAVED } from './host/disk.ts'
import { docker, dockerLines } from './host/docker.ts'
import { subnets } from './host/traces.ts'
import { until } from './host/wait.ts'
import { setStackNames, stackNames } from './hosts-file.ts'

/** What of a kept stack is not on its disks. */
type Saved = { running: string[]; names: string[] }

const NAME = /^[a-z0-9][a-z0-9-]{0,60}$/
const note = (name: string) => join(SAVED, `${name}.json`)

/**
 * Keeps all that stands in the lab under a name. On Btrfs the machines go on running: the copy is what their disks
 * would hold after a power cut at one instant. Without, they are stopped for the time of the copy.
 */
export async function save(name: string): Promise<void> {
  if (!NAME.test(name)) throw new Error(`${name}: a name has a-z, 0-9 and '-'.`)
  const kept: Saved = { running: await runningContainers(), names: await stackNames(await subnets()) }
  if (await isBtrfs()) {
    await copyFolder(LIVE, join(SAVED, name))
  } else {
    await stopDaemon()
    await copyFolder(LIVE, join(SAVED, name))
    await startDaemon()
    await startContainers(kept.running)
  }
  await writeFile(note(name), JSON.stringify(kept))
}

/** Puts what was kept in the place of all that stands in the lab now, and starts the machines that ran then. */
export async function load(name: string): Promise<void> {
  const text = await readFile(note(name), 'utf8').catch((cause: unknown) => {
    throw new Error(`${name}: no such kept stack.`, { cause })
  })
  const kept = JSON.parse(text) as Saved
  // A killed one cannot say which networks and names are its own.
  await startDaemon()
  await setStackNames(await subnets(), kept.names)
  await stopDaemon()
  await copyFolder(join(SAVED, name), LIVE)
  await startDaemon()
  await startContainers(kept.running)
}

/** The names of the kept stacks. */
export async function saved(): Promise<string[]> {
  const files = await readdir(SAVED).catch(() => [])
  return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
}

function runningContainers(): Promise<string[]> {
  return dockerLines(['ps', '--format', '{{.Names}}'])
}

/** All at once, until one can log in; the client itself would start them one after another. */
async function startContainers(names: string[]): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      await docker(['start', name])
      await until(`sshd of ${name}`, () => isListening(name), { deadlineMs: 60_000 })
    }),
  )
}

/** Debian's sshd tells systemd when it listens. */
async function isListening(name: string): Promise<boolean> {
  return (await docker(['exec', name, 'sh', '-c', 'systemctl is-active ssh || true'])).trim() === 'active'
}
