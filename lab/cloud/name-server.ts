import type { ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../host/packages.ts'
import { until } from '../host/wait.ts'
import { startIn } from './network.ts'
import { CLOUD_RUN, NETWORKS } from './places.ts'
import { renderNameServer, type ZoneFile } from './zones.ts'

const FOLDER = join(CLOUD_RUN, 'zones')
const CONFIG = join(FOLDER, 'knot.conf')

/** Knot DNS, authoritative for the hosted zones and the names of AWS; it knows nothing else. */
export class NameServer {
  #process: ChildProcess | undefined
  #told = ''
  #serial = 0

  /** Answers by these zones from now on. @param render the zones with a serial number that rises with each change */
  async serve(render: (serial: number) => ZoneFile[]): Promise<void> {
    const told = JSON.stringify(render(0))
    if (told === this.#told) return
    this.#serial += 1
    const zones = render(this.#serial)
    await mkdir(FOLDER, { recursive: true })
    for (const { name, text } of zones) await writeFile(join(FOLDER, `${name}.zone`), text)
    const names = zones.map(({ name }) => name)
    await writeFile(CONFIG, renderNameServer(names, FOLDER))
    if (this.#process?.exitCode === null) this.#process.kill('SIGHUP')
    else this.#process = await start()
    this.#told = told
  }
}

async function start(): Promise<ChildProcess> {
  const command = ['/usr/sbin/knotd', '-c', CONFIG]
  const child = startIn(NETWORKS.internet, command)
  // Before it listens there a signal would end it.
  await until('the name server to answer', () => exists(join(FOLDER, 'knot.sock')))
  return child
}
