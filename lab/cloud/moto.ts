import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LAUNCHER, PYTHON } from './places.ts'

/** One thing that goes wrong with calls of an action; see moto_lab.py. */
export type Fault = {
  /** A regular expression for the name of the call ("RunInstances", "Describe.*"). */
  action: string
  kind?: 'error' | 'late' | 'stale'
  code?: string
  status?: number
  message?: string
  times?: number
  after?: number
}

export type LabInstance = {
  id: string
  state: string
  privateAddress: string | null
  publicAddress: string | null
  subnet: string
  zone: string
  groups: string[]
  userData: string | null
  /** What becomes of it when it powers itself off. */
  shutdown: 'stop' | 'terminate'
  tags: Record<string, string>
}

export type LabBalancer = {
  arn: string
  name: string
  dnsName: string
  state: string
  scheme: string
  groups: string[]
  subnets: string[]
  crossZone: boolean
  listeners: { port: number; group: LabTargetGroup | null }[]
}

export type LabTargetGroup = {
  arn: string
  targets: { id: string; port: number }[]
  /** `port`: a number, or "traffic-port"; times in seconds. */
  check: { port: string; interval: number; timeout: number; rise: number; fall: number }
  /** Seconds after which connections to a target that left are ended. */
  deregistration: number
}

export type LabGroup = {
  id: string
  name: string
  rules: { protocol: string; from: number; to: number; cidr: string | null; group: string | null }[]
}

export type LabSubnet = { id: string; vpc: string; cidr: string; zone: string }

export type LabZone = {
  id: string
  name: string
  records: { name: string; type: string; values: string[]; alias: string | null }[]
}

/** What somebody has to make real, as it is told at one moment. */
export type LabWorld = {
  instances: LabInstance[]
  balancers: LabBalancer[]
  groups: LabGroup[]
  zones: LabZone[]
  subnets: LabSubnet[]
}

/** A stand-in for the API of AWS on this machine, and the page of its own. Disposing ends it. */
export interface Moto extends AsyncDisposable {
  readonly url: string
  reset(): Promise<void>
  settings(settings: Record<string, unknown>): Promise<void>
  faults(...faults: Fault[]): Promise<void>
  health(states: Record<string, string>): Promise<void>
  /** @param id of an instance, or the ARN of a balancer */
  state(
    id: string,
    state: 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated' | 'active',
  ): Promise<void>
  /** An instance ends itself, as its system may at any time: it stops or is terminated, as it was launched to. */
  poweroff(id: string): Promise<void>
  /** Everything in the account, as sorted lines; another eye than the provider's. */
  world(): Promise<string[]>
  /** Names of the calls since the last reset. */
  calls(): Promise<string[]>
  instances(): Promise<LabInstance[]>
  balancers(): Promise<LabBalancer[]>
  groups(): Promise<LabGroup[]>
  zones(): Promise<LabZone[]>
  all(): Promise<LabWorld>
}

const START_MS = 60_000

/** Starts it on a free port of the loopback address. It ends with this process, whatever ends that. */
export async function startMoto(port?: number): Promise<Moto> {
  const at = port ?? (await freePort())
  const child = spawn(PYTHON, [LAUNCHER, String(at)], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  })
  const moto = motoAt(`http://127.0.0.1:${at}`)
  await answering(child, moto, () => said)
  return {
    ...moto,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answering(child: ChildProcess, moto: Pick<Moto, 'reset'>, said: () => string): Promise<void> {
  const end = Date.now() + START_MS
  let failed: unknown
  child.on('error', (error) => {
    failed = error
  })
  for (;;) {
    if (
      await moto.reset().then(
        () => true,
        () => false,
      )
    )
      return
    if (failed !== undefined || child.exitCode !== null || Date.now() > end) {
      throw new Error(`The stand-in for AWS did not start (make cloud-setup makes what it needs): ${failed ?? said()}`)
    }
    await delay(50)
  }
}

/** The page of one that runs. */
export function motoAt(url: string): Omit<Moto, typeof Symbol.asyncDispose> {
  const ask = async <T>(name: string, body?: unknown): Promise<T> => {
    const answer = await fetch(
      `${url}/lab/${name}`,
      body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
    )
    if (!answer.ok) throw new Error(`/lab/${name} answers ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    url,
    reset: () => ask('reset', {}),
    settings: (settings) => ask('settings', settings),
    faults: (...faults) => ask('faults', faults),
    health: (states) => ask('health', states),
    state: (id, state) => ask('state', { id, state }),
    poweroff: (id) => ask('poweroff', { id }),
    world: () => ask('world'),
    calls: () => ask('calls'),
    instances: () => ask('instances'),
    balancers: () => ask('balancers'),
    groups: () => ask('groups'),
    zones: () => ask('zones'),
    all: () => ask('all'),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
