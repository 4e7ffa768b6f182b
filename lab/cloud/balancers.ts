import type { ChildProcess } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { exists } from '../host/packages.ts'
import { until } from '../host/wait.ts'
import { type Health, parseHealth, renderBalancer } from './haproxy.ts'
import type { Interface } from './interfaces.ts'
import type { LabBalancer, LabWorld } from './moto.ts'
import { addNetwork, connect, disconnect, removeNetwork, startIn } from './network.ts'
import { CLOUD_RUN, NETWORKS } from './places.ts'

const ANSWER_MS = 2_000

type Standing = { device: string; config: string | undefined; process: ChildProcess | undefined }

/** The load balancers that run, each in a network of its own with one cable to the private one. */
export class Balancers {
  readonly #standing = new Map<string, Standing>()

  /** Brings one to what the stand-in says of it. */
  async follow(balancer: LabBalancer, own: Interface, world: LabWorld): Promise<void> {
    const standing = this.#standing.get(balancer.arn) ?? (await this.#raise(balancer.arn, own))
    const zones = world.subnets
      .filter(({ id }) => balancer.subnets.includes(id))
      .map(({ zone }) => zone)
      .sort()
    const socket = socketOf(own.device)
    const config = renderBalancer(balancer, own, { zones, instances: world.instances, socket })
    if (config === standing.config || balancer.listeners.length === 0) return
    const file = join(CLOUD_RUN, `${own.device}.cfg`)
    await writeFile(file, config)
    if (standing.process?.exitCode === null) standing.process.kill('SIGUSR2')
    else standing.process = await startHaproxy(own.device, file)
    standing.config = config
  }

  async #raise(arn: string, own: Interface): Promise<Standing> {
    const name = NETWORKS.balancer(own.device)
    await addNetwork(name)
    await connect(own, { name })
    const standing = { device: own.device, config: undefined, process: undefined }
    this.#standing.set(arn, standing)
    return standing
  }

  /** Takes away those the stand-in no longer tells of. */
  async dropOthers(balancers: LabBalancer[]): Promise<void> {
    for (const [arn, { device }] of this.#standing) {
      if (balancers.some((one) => one.arn === arn)) continue
      await disconnect(device)
      await removeNetwork(NETWORKS.balancer(device))
      await rm(socketOf(device), { force: true })
      this.#standing.delete(arn)
    }
  }

  /** How the targets are by real looks, as the stand-in is told it: by target group and instance. */
  async health(balancers: LabBalancer[]): Promise<Record<string, Health | 'unused'>> {
    const told: Record<string, Health | 'unused'> = {}
    for (const { arn, listeners } of balancers) {
      const device = this.#standing.get(arn)?.device ?? ''
      const seen = await readHealth(socketOf(device)).catch(() => new Map<string, Health>())
      for (const { port, group } of listeners) {
        for (const { id } of group?.targets ?? []) {
          told[`${group?.arn} ${id}`] = seen.get(`${port} ${id}`) ?? 'initial'
        }
      }
    }
    return told
  }
}

async function startHaproxy(device: string, file: string): Promise<ChildProcess> {
  const child = startIn(NETWORKS.balancer(device), ['/usr/sbin/haproxy', '-W', '-q', '-f', file])
  // Before it listens there a signal would end it.
  await until(`${device} to listen`, async () => child.exitCode !== null || (await exists(socketOf(device))))
  return child
}

/** Asks HAProxy at its socket. */
async function readHealth(socket: string): Promise<Map<string, Health>> {
  const connection = dial(socket)
  connection.setEncoding('utf8').setTimeout(ANSWER_MS, () => connection.destroy(new Error(`${socket} is silent`)))
  connection.end('show stat\n')
  let text = ''
  for await (const chunk of connection) text += chunk
  return parseHealth(text)
}

function socketOf(device: string): string {
  return join(CLOUD_RUN, `${device}.sock`)
}
