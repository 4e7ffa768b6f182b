import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../../src/errors.ts'
import type { Access, Host, Hosts } from '../../../src/remote/host.ts'
import { shellQuote } from '../../../src/remote/shell.ts'
import { openHosts } from '../../../src/remote/ssh.ts'
import { freePort, makeKey, publicKey, type Sshd, startSshd } from '../../fakes/sshd.ts'
import { tries } from '../remedies/tries.ts'

jest.setTimeout(60_000)

// A folder whose name ssh could stumble over: blanks, a percent sign, and longer than a socket's path may be.
const folder = mkdtempSync(join(tmpdir(), `ssh 100%h ${'x'.repeat(90)}-`))
let sshd: Sshd
let hosts: Hosts
let host: Host

function access(given: Partial<Access> = {}): Access {
  return { keyFiles: [sshd.keyFile], knownHosts: [], acceptNew: false, ...given }
}

beforeAll(async () => {
  sshd = await startSshd()
  hosts = await openHosts([sshd.node], access(), { folder, session: 'session-1' })
  host = hosts.get('node-1') as Host
})

afterAll(async () => {
  await hosts[Symbol.asyncDispose]()
  await sshd[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const spare: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of spare.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

function keep<T extends AsyncDisposable>(opened: T): T {
  spare.push(opened)
  return opened
}

test.each([0, 1, 3, 255])('exit code %i comes back with both outputs', async (exitCode) => {
  expect(await host.try(`echo out; echo err >&2; exit ${exitCode}`)).toEqual({
    exitCode,
    stdout: 'out\n',
    stderr: 'err\n',
  })
})

test('a command that must succeed tells its node, itself and its last words', async () => {
  await expect(host.run('echo no such thing >&2; exit 4')).rejects.toThrow(
    'node-1: `echo no such thing >&2; exit 4` ended with exit code 4: no such thing',
  )
})

test('a megabyte of any bytes arrives as it was', async () => {
  const bytes = randomBytes(1 << 20)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(await host.run('sha256sum', { input: bytes })).toContain(sha256)
  expect(await host.run('sha256sum', { input: Readable.from([bytes]) })).toContain(sha256)
  expect(Buffer.from(await host.run('base64 -w0', { input: bytes }), 'base64').equals(bytes)).toBe(true)
})

test('a command that does not read its input is judged by its exit code', async () => {
  expect(await host.try('exit 5', { input: randomBytes(1 << 20) })).toMatchObject({ exitCode: 5 })
})

test('what a command prints is saved in a private file; what is saved of a failed one is told', async () => {
  const path = join(folder, 'saved')
  const bytes = randomBytes(3 << 20)
  writeFileSync(join(folder, 'source'), bytes)
  await host.save(`cat ${shellQuote(join(folder, 'source'))}`, path)
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await expect(host.save('echo half; exit 3', path)).rejects.toThrow('exit code 3')
  await expect(host.save('cat /dev/zero', join(folder, 'no', 'such'))).rejects.toThrow('ENOENT')
  const stop = AbortSignal.timeout(300)
  await expect(host.save('cat /dev/zero', path, { signal: stop })).rejects.toThrow('was stopped')
})

test('any text survives the way through ssh, the login shell and sh', async () => {
  const text = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      expect(await host.run(`printf %s ${shellQuote(text)}`)).toBe(text)
    }),
    { numRuns: 15 },
  )
})

test('twenty commands at once all run, though sshd lets ten sessions share a connection', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, index) => host.run(`sleep 0.2; echo ${index}`)))
  expect(all.map(Number)).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

test('a command carries the session and nothing of an agent', async () => {
  expect(await host.run('echo "$RANCHER_HA_RUN"; env | grep -c SSH_AUTH_SOCK || true')).toBe('session-1\n0\n')
})

test('a file is written whole, with its mode, over what was there', async () => {
  const path = join(folder, "it's here", 'file')
  await host.write(path, 'first', '0644')
  await host.write(path, Readable.from([Buffer.from('sec'), Buffer.from('ond')]), '0600')
  expect(readFileSync(path, 'utf8')).toBe('second')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, "it's here"))).toEqual(['file'])
})

test('a file whose content ends early stays as it was', async () => {
  const path = join(folder, 'kept')
  await host.write(path, 'old', '0600')
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half')
      throw new Error('the source broke')
    })(),
  )
  await expect(host.write(path, broken, '0600')).rejects.toThrow('the source broke')
  expect(readFileSync(path, 'utf8')).toBe('old')
})

test('a local file is streamed into a command', async () => {
  const path = join(folder, 'image.tar')
  writeFileSync(path, 'layers')
  expect(await host.pipe(path, 'cat')).toBe('layers')
  await expect(host.pipe(join(folder, 'missing'), 'cat')).rejects.toMatchObject({ kind: 'input' })
})

test('a deadline ends the client and names the command', async () => {
  const started = Date.now()
  await expect(host.run('sleep 60', { deadlineMs: 300 })).rejects.toThrow('did not end within 0.3 s')
  expect(Date.now() - started).toBeLessThan(5000)
})

test('an abort ends the client with the reason given', async () => {
  const reason = new StackError('lease', 'The lease was lost.')
  const abort = new AbortController()
  const running = host.run('sleep 60', { signal: abort.signal })
  setTimeout(() => abort.abort(reason), 100)
  await expect(running).rejects.toBe(reason)
})

test('a forward listens until it is closed', async () => {
  await using echo = await startEcho()
  const forward = await host.forward('127.0.0.1', echo.port)
  expect(await say(forward.port, 'through')).toBe('through')
  await forward[Symbol.asyncDispose]()
  await expect(say(forward.port, 'closed')).rejects.toThrow('ECONNREFUSED')
})

test('another host key is refused before anything is sent, with both fingerprints', async () => {
  const other = publicKey(makeKey(join(folder, 'other')))
  const imposter = keep(await startSshd())
  const opening = openHosts([{ ...imposter.node, hostKeys: [other] }], access({ keyFiles: [imposter.keyFile] }), {
    folder,
    waitForBoot: true,
  })
  const error = await opening.then(
    () => undefined,
    (error: unknown) => error as StackError,
  )
  expect(error).toMatchObject({ kind: 'ssh', retry: false })
  expect(error?.message).toMatch(
    /node-1 at \[127\.0\.0\.1\]:\d+ presents host key ssh-ed25519 SHA256:\S+, but pinned is ssh-ed25519 SHA256:/,
  )
  expect(imposter.log()).not.toMatch(/Accepted|Failed|userauth/)
})

test('a machine no key is known of is refused', async () => {
  const opening = openHosts([{ ...sshd.node, hostKeys: [] }], access(), { folder: join(folder, 'unknown') })
  await expect(opening).rejects.toThrow('no key of it is known')
})

test('a first contact is trusted only when asked for, told once, and kept to afterwards', async () => {
  const options = { folder: join(folder, 'new'), onNewHostKey: (line: string) => told.push(line) }
  const told: string[] = []
  const node = { ...sshd.node, hostKeys: [] }
  keep(await openHosts([node], access({ acceptNew: true }), options))
  keep(await openHosts([node], access({ acceptNew: true }), options))
  expect(told).toEqual([`[127.0.0.1]:${node.port} ${sshd.node.hostKeys[0]}`])
  await sshd.kill()
  const changed = keep(await startSshd({ port: node.port, keyFile: sshd.keyFile }))
  await expect(openHosts([node], access({ acceptNew: true }), options)).rejects.toThrow('presents host key')
  await changed.kill()
  await hosts[Symbol.asyncDispose]()
  sshd = await startSshd()
  hosts = await openHosts([sshd.node], access(), { folder, session: 'session-1' })
  host = hosts.get('node-1') as Host
})

test('who is not let in, nobody there, and a stopped machine are told apart', async () => {
  const wrong = makeKey(join(folder, 'wrong'))
  const gone = { ...sshd.node, name: 'node-2', port: await freePort() }
  const stopped = { ...sshd.node, name: 'node-3', state: 'stopped' as const }
  const opened = keep(await openHosts([sshd.node, gone, stopped], access({ keyFiles: [wrong] }), { folder }))
  expect(opened.reached).toEqual([])
  expect(opened.unreached.map(({ why }) => why)).toEqual([
    expect.stringMatching(/^it does not let \S+ in: .*Permission denied/),
    expect.stringContaining('Connection refused'),
    'it is stopped',
  ])
})

test('a machine that boots is waited for', async () => {
  const port = await freePort()
  const node = { ...sshd.node, port }
  const opening = openHosts([{ ...node, hostKeys: [] }], access({ acceptNew: true }), {
    folder: join(folder, 'boot'),
    waitForBoot: true,
    deadlineMs: 30_000,
  })
  keep(await startSshd({ port, keyFile: sshd.keyFile }))
  expect(keep(await opening).unreached).toEqual([])
})

test('a machine behind a bastion is reached through it, both pinned', async () => {
  const bastion = keep(await startSshd({ name: 'bastion', keyFile: sshd.keyFile }))
  const through = `${bastion.node.user}@127.0.0.1:${bastion.node.port}`
  const line = `[127.0.0.1]:${bastion.node.port} ${bastion.node.hostKeys[0]}`
  const opened = keep(await openHosts([sshd.node], access({ bastion: through, knownHosts: [line] }), { folder }))
  expect(opened.unreached).toEqual([])
  expect(await opened.get('node-1')?.run('echo "$SSH_CONNECTION"')).toContain(` ${sshd.node.port}`)
  expect(bastion.log()).toContain('Accepted publickey')
  const unpinned = openHosts([sshd.node], access({ bastion: through }), { folder })
  await expect(unpinned).rejects.toThrow('bastion at')
})

test('a machine that stops under a command ends it, and every later one', async () => {
  const machine = keep(await startSshd())
  const opened = keep(await openHosts([machine.node], access({ keyFiles: [machine.keyFile] }), { folder }))
  const [node] = opened.reached as [Host]
  const mark = join(folder, 'it-runs')
  const running = node.run(`touch ${shellQuote(mark)}; sleep 60`)
  const judged = expect(running).rejects.toMatchObject({ kind: 'ssh', message: expect.stringContaining('was cut off') })
  await until(() => existsSync(mark))
  await machine.kill()
  await judged
  await expect(node.run('true')).rejects.toMatchObject({ kind: 'ssh' })
})

test('closing leaves no client, no socket and no session behind', async () => {
  const machine = keep(await startSshd())
  const opened = await openHosts([machine.node], access({ keyFiles: [machine.keyFile] }), {
    folder,
    session: 'to-be-closed',
  })
  const sockets = socketFoldersOf('to-be-closed')
  expect(sockets.length).toBeGreaterThan(0)
  await opened[Symbol.asyncDispose]()
  expect(sockets.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([])
  await until(() => processesWith('to-be-closed').length === 0)
})

/** Other tests open connections at the same time: a session's folders are those its clients name. */
function socketFoldersOf(session: string): string[] {
  const lines = processesWith(session).map((entry) => readFileSync(`/proc/${entry}/cmdline`, 'utf8'))
  return lines.flatMap((line) => /rancher-ha-ssh-\w+/.exec(line) ?? [])
}

function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      return (
        readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text) ||
        readFileSync(`/proc/${entry}/environ`, 'utf8').includes(text)
      )
    } catch {
      return false // gone, or not ours to read
    }
  })
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('It did not come to hold within 5 s.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function startEcho() {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(text)
  const chunks = await socket.toArray()
  return Buffer.concat(chunks).toString()
}

/** A machine of its own, and a run of a command on it. */
async function onMachine<T>(act: (host: Host, machine: Sshd) => Promise<T>, machine = startSshd()): Promise<T> {
  await using server = await machine
  await using opened = await openHosts([server.node], access({ keyFiles: [server.keyFile] }), { folder })
  return await act(opened.reached[0] as Host, server)
}
const blocking = join(folder, 'blocking')
/** The client sees a moment later than its server that there is no connection any more. */
const connectionEnds = () => new Promise((resolve) => setTimeout(resolve, 1000))

tries('ssh', [
  [
    'Look whether … runs, then run again.',
    () =>
      onMachine(async (node, machine) => {
        await node.run('true')
        await machine.kill()
        await connectionEnds()
        await node.run('true')
      }),
    () => onMachine((node) => node.run('true')),
  ],
  [
    'Look whether the machine runs and is reachable, then run again.',
    () =>
      onMachine(async (node, machine) => {
        await node.run('true')
        await machine.kill()
        await connectionEnds()
        await node.forward('127.0.0.1', 22)
      }),
    () => onMachine(async (node) => (await node.forward('127.0.0.1', sshd.node.port))[Symbol.asyncDispose]()),
  ],
  [
    'Look at the sshd of … (its log, MaxSessions), then run again.',
    // The connection itself takes the one session there is.
    () => onMachine((node) => node.run('true'), startSshd({ config: ['MaxSessions 1'] })),
    () => onMachine((node) => node.run('true'), startSshd({ config: ['MaxSessions 10'] })),
  ],
  [
    'Run the same again: it goes on from what stands.',
    () => host.run(`test -e ${shellQuote(blocking)}`),
    async () => {
      mkdirSync(blocking)
      await host.run(`test -e ${shellQuote(blocking)}`)
      rmSync(blocking, { recursive: true })
    },
  ],
  [
    'Look at what … is busy with, then run again.',
    () => host.run('sleep 60', { deadlineMs: 300 }),
    () => host.run('true', { deadlineMs: 30_000 }),
  ],
  [
    'Look at the disk of …, then run again.',
    async () => {
      mkdirSync(blocking)
      await host.write(blocking, 'text', '0600')
    },
    async () => {
      rmSync(blocking, { recursive: true })
      await host.write(blocking, 'text', '0600')
    },
  ],
])

tries('input', [
  [
    'Correct the inputs and run again.',
    () => host.pipe(join(folder, 'missing'), 'cat'),
    () => host.pipe(join(folder, 'image.tar'), 'cat'),
  ],
])
