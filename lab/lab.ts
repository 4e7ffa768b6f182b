import { mkdir, rm } from 'node:fs/promises'
import { clearCloud } from './cloud/clear.ts'
import { answers, startDaemon, stopDaemon } from './host/daemon.ts'
import { mountDisk, unmountDisk } from './host/disk.ts'
import { dockerLines } from './host/docker.ts'
import { prepareKernel, restoreKernel } from './host/kernel.ts'
import { underLock } from './host/lock.ts'
import { ensurePackages, exists } from './host/packages.ts'
import { subnets } from './host/traces.ts'
import { setStackNames, stackNames } from './hosts-file.ts'
import { ensureMachineImage } from './machine/image.ts'
import { DOCKER_HOST, LAB, RUN, STATE } from './places.ts'
import { load, save, saved } from './saved.ts'

const USAGE = 'lab.ts up | down [--keep] | status | save NAME | load NAME | saved'

/** Brings the lab up: packages, kernel settings, disk, Docker, the machines' image. Nothing to do when it is up. */
export async function up(): Promise<void> {
  await ensurePackages()
  await mkdir(RUN, { recursive: true })
  await prepareKernel()
  await mountDisk()
  await startDaemon()
  await ensureMachineImage()
}

/** Takes the lab away with all stacks on it; `keep` leaves its disk, and so the kept stacks and images. */
export async function down({ keep = false } = {}): Promise<void> {
  if (await exists(RUN)) {
    if (await exists(STATE)) {
      await mountDisk()
      await startDaemon()
      await clearCloud()
      await setStackNames(await subnets(), [])
      await stopDaemon()
    }
    await restoreKernel()
  }
  if (await exists(STATE)) await unmountDisk({ keep })
  await rm(RUN, { recursive: true, force: true })
}

async function status(): Promise<void> {
  if (!(await answers())) return console.log('The lab is down.')
  console.log(`The lab is up: DOCKER_HOST=${DOCKER_HOST}`)
  for (const line of await dockerLines(['ps', '-a', '--format', '{{.Names}}  {{.Status}}  {{.Image}}']))
    console.log(line)
  for (const line of await stackNames(await subnets())) console.log(line)
}

async function main([verb, name = '']: string[]): Promise<void> {
  if (verb === 'up') return up()
  if (verb === 'down') return down({ keep: name === '--keep' })
  if (verb === 'status') return status()
  if (verb === 'saved') return console.log((await saved()).join('\n'))
  if (verb === 'save' && name !== '') return save(name)
  if (verb === 'load' && name !== '') return load(name)
  throw new Error(`Usage: ${USAGE}`)
}

if (import.meta.main) {
  await underLock(LAB, async () => main(process.argv.slice(2)))
}
