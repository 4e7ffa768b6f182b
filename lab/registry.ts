import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { run } from './host/command.ts'
import { docker } from './host/docker.ts'
import { until } from './host/wait.ts'
import { RUN, STATE } from './places.ts'
import { forward } from './registry/forward.ts'

/** The name and port under which the machines of the lab reach the registry; they speak plain HTTP to it. */
export const REGISTRY = 'registry.rancher.test:5000'

type Options = {
  /** Where it listens: this machine's address in the stack's network. */
  address: string
  /** Archives of the bundle whose images it has. */
  archives: string[]
  /** Of all connections together; unlimited when absent. */
  bytesPerSecond?: number
  /** Who may pull; everybody when absent. */
  credentials?: { username: string; password: string }
}

/**
 * Starts a real image registry with the bundle's images, under their own names: `rancher-ha-lab/pause:3.10` is
 * `registry.rancher.test:5000/rancher-ha-lab/pause:3.10` there. It ends when it is disposed of.
 *
 * @returns how many bytes went through it to the machines
 */
export async function startRegistry({ address, archives, bytesPerSecond, credentials }: Options) {
  const data = join(STATE, 'registry')
  await mkdir(data, { recursive: true })
  const open = await serve(data, undefined)
  await push(archives, open.port)
  await open.stop()

  const closed = await serve(data, credentials)
  const link = await forward({ host: address, port: 5000 }, { host: '127.0.0.1', port: closed.port }, bytesPerSecond)
  return {
    sentBytes: link.sentBytes,
    async [Symbol.asyncDispose]() {
      await link.close()
      await closed.stop()
    },
  }
}

/** One registry process on the loopback, over a folder of data. */
async function serve(data: string, credentials: Options['credentials']) {
  await mkdir(RUN, { recursive: true })
  const folder = await mkdtemp(join(RUN, 'registry-'))
  const port = await freePort()
  const users = join(folder, 'users')
  if (credentials !== undefined) {
    const { username, password } = credentials
    await writeFile(users, await run('htpasswd', ['-niB', username], { input: password }), { mode: 0o600 })
  }
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify(registryConfig(data, port, credentials && users)))
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' })
  await until('the registry to answer', () => isServing(child, port))
  return {
    port,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

/** The registry reads YAML, of which this is a kind. */
function registryConfig(data: string, port: number, users: string | undefined) {
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(users === undefined ? {} : { auth: { htpasswd: { realm: 'rancher-ha-lab', path: users } } }),
  }
}

async function isServing(child: ChildProcess, port: number): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`docker-registry: exit ${child.exitCode}`)
  const status = await fetch(`http://127.0.0.1:${port}/v2/`).then(
    (response) => response.status,
    () => 0,
  )
  return status === 200 || status === 401
}

/** Through the lab's Docker, which takes a registry on the loopback without TLS. */
async function push(archives: string[], port: number): Promise<void> {
  for (const archive of archives) {
    const loaded = await docker(['load', '-i', archive])
    for (const [, name = ''] of loaded.matchAll(/^Loaded image: (\S+)$/gm)) {
      const there = `127.0.0.1:${port}/${name}`
      await docker(['tag', name, there])
      await docker(['push', '-q', there])
      await docker(['rmi', there])
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
