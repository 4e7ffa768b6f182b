import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '../../src/node.ts'

/** A real OpenSSH server on a loopback port, with a host key of its own, that lets one throw-away key in. */
export type Sshd = AsyncDisposable & {
  /** The machine as a provider would describe it, host key pinned. */
  node: Node
  /** Private key that is let in. */
  keyFile: string
  /** What the server logged. */
  log(): string
  /** Kills the server and every session of it, as when a machine stops. */
  kill(): Promise<void>
}

export type SshdOptions = { name?: string; port?: number; config?: string[]; keyFile?: string }

export async function startSshd({ name = 'node-1', port, config = [], keyFile }: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'))
  const hostKey = makeKey(join(folder, 'host_key'))
  const key = keyFile ?? makeKey(join(folder, 'key'))
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${key}.pub`))
  // The server's own separation of rights wants this folder, which the system's service makes at boot.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const taken = port ?? (await freePort())
  const lines = [
    `ListenAddress 127.0.0.1:${taken}`,
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    // bash reads ~/.bashrc for whom sshd serves, but not in a shell within a shell: what stands there is none of the tests'.
    'SetEnv SHLVL=2',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'LogLevel VERBOSE',
    ...config,
  ]
  writeFileSync(join(folder, 'sshd_config'), `${lines.join('\n')}\n`)
  const server = spawn(serverPath(), ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  server.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const closed = once(server, 'exit')
  await listening(
    taken,
    () => server.exitCode,
    () => log,
  )

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return
    for (const pid of [...descendants(server.pid), server.pid]) end(pid)
    await closed
  }
  return {
    node: {
      name,
      address: '127.0.0.1',
      port: taken,
      privateAddress: '127.0.0.1',
      user: userInfo().username,
      state: 'running',
      hostKeys: [publicKey(hostKey)],
    },
    keyFile: key,
    log: () => log,
    kill,
    async [Symbol.asyncDispose]() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** "ssh-ed25519 AAAA…" of a private key file made by `makeKey`. */
export function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim()
}

export function makeKey(file: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file])
  return file
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** sshd insists on being started by an absolute path. */
function serverPath(): string {
  const path = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync)
  if (path === undefined) throw new Error('These tests need an OpenSSH server (Debian: openssh-server).')
  return path
}

async function listening(port: number, exitCode: () => number | null, log: () => string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline && exitCode() === null) {
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    await sleep(20)
  }
  throw new Error(`sshd did not come up:\n${log()}`)
}

/** Processes below `pid`, deepest first. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), parent: parentOf(entry) }))
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [...below(child.pid), child.pid])
  return below(pid)
}

function parentOf(entry: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return undefined // gone between the listing and the look
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
