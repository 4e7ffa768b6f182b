import { once } from 'node:events'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { certificateFor } from '../certificates.ts'
import { ensurePackages } from '../host/packages.ts'
import { until } from '../host/wait.ts'
import { DOCKER_HOST } from '../places.ts'
import { clearCloud } from './clear.ts'
import { ensureCloudImage } from './image.ts'
import { type Moto, startMoto } from './moto.ts'
import { forgetConnections, inNetwork, makeNetworks, startIn } from './network.ts'
import { ADDRESSES, API_PORT, CLOUD_RUN, NETWORKS } from './places.ts'
import { Reconciler } from './reconcile.ts'

/** Debian package and a file that it alone brings. */
const PACKAGES = [
  ['haproxy', '/usr/sbin/haproxy'],
  ['knot', '/usr/sbin/knotd'],
  ['nftables', '/usr/sbin/nft'],
  ['conntrack', '/usr/sbin/conntrack'],
] as const

const ROUND_MS = 250
const CHECKIP = 'checkip.amazonaws.com'

/** A cloud on this machine: the stand-in for the API of AWS, and what it tells of made real. Disposing takes all away. */
export interface Cloud extends AsyncDisposable {
  readonly moto: Moto
  /** What is put before a command that runs on a runner, on the internet or in the private network, or at a user's. */
  on(place: 'outside' | 'inside' | 'user'): string[]
  /** What a program on such a runner needs to find the API and to trust what answers there. */
  readonly env: Record<string, string>
  /** Connections that stood are judged anew by the security groups. */
  forgetConnections(): Promise<void>
  /** An empty account, with nothing in it made real. */
  reset(): Promise<void>
}

/** Opens it over whatever a killed run left. The lab must be up. */
export async function openCloud(log: (line: string) => void = () => {}): Promise<Cloud> {
  await using opened = new AsyncDisposableStack()
  await ensurePackages(PACKAGES)
  await clearCloud()
  opened.defer(clearCloud)
  await ensureCloudImage()
  await mkdir(CLOUD_RUN, { recursive: true, mode: 0o700 })
  const moto = opened.use(await startMoto())
  await makeNetworks()
  const ca = await openInternet(moto.url, opened)
  await moto.settings({ real: true, health: 'initial' })
  const reconciler = new Reconciler(moto, log)
  const stop = new AbortController()
  const rounds = go(reconciler, stop.signal, log)
  opened.defer(async () => {
    stop.abort()
    await rounds
    await reconciler.settle()
  })
  const closing = opened.move()
  return {
    moto,
    on: (place) => ['ip', 'netns', 'exec', NETWORKS[place]],
    env: {
      AWS_ENDPOINT_URL: `http://${ADDRESSES.services}:${API_PORT}`,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      NODE_EXTRA_CA_CERTS: ca,
    },
    forgetConnections,
    async reset() {
      await moto.reset()
      await moto.settings({ real: true, health: 'initial' })
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** One round after the other; what went wrong in one is told, once, and tried again. */
async function go(reconciler: Reconciler, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  let told = ''
  while (!signal.aborted) {
    const problem = await reconciler.round().then(
      () => '',
      (thrown: Error) => thrown.message,
    )
    if (problem !== '' && problem !== told) log(problem)
    told = problem
    await delay(ROUND_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** The API and checkip.amazonaws.com, in the network that stands for the internet. @returns file of the authority */
async function openInternet(api: string, opened: AsyncDisposableStack): Promise<string> {
  const socket = join(CLOUD_RUN, 'api.sock')
  const relay = createServer((from) => {
    const to = connect(Number(new URL(api).port), '127.0.0.1')
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
    from.pipe(to)
    to.pipe(from)
  }).listen(socket)
  await once(relay, 'listening')
  opened.defer(() => close(relay))
  const { certificate, privateKey, ca } = certificateFor(CHECKIP)
  const [chain, key, authority] = ['checkip.pem', 'checkip.key', 'ca.pem'].map((name) => join(CLOUD_RUN, name)) as [
    string,
    string,
    string,
  ]
  await writeFile(chain, certificate)
  await writeFile(key, privateKey, { mode: 0o600 })
  await writeFile(authority, ca)
  await chmod(authority, 0o644)
  startIn(NETWORKS.internet, [process.execPath, join(import.meta.dirname, 'internet.ts'), socket, chain, key])
  const probe = ['bash', '-c', `exec 3<>/dev/tcp/${ADDRESSES.services}/${API_PORT}`]
  const answers = () =>
    inNetwork(NETWORKS.outside, probe).then(
      () => true,
      () => false,
    )
  await until('the API to answer on the lab’s internet', answers)
  return authority
}

async function close(server: Server): Promise<void> {
  server.close()
}

/** By hand: stands until it is interrupted. */
async function main(): Promise<void> {
  const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`)
  await using cloud = await openCloud(say)
  say(`API for this machine: ${cloud.moto.url}`)
  for (const [name, value] of Object.entries(cloud.env)) say(`on a runner: ${name}=${value}`)
  for (const place of ['outside', 'inside', 'user'] as const) say(`${place}: ${cloud.on(place).join(' ')} COMMAND`)
  say(`machines: DOCKER_HOST=${DOCKER_HOST} docker ps`)
  await Promise.race(['SIGINT', 'SIGTERM'].map((name) => once(process, name)))
}

if (import.meta.main) await main()
