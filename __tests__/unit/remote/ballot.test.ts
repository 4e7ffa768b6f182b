import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals'
import { createBallot } from '../../../src/remote/ballot.ts'
import type { Host, Hosts } from '../../../src/remote/host.ts'
import { parseRecord, renderRecord } from '../../../src/remote/lease-record.ts'
import { releaseLease, takeLease } from '../../../src/remote/node-lease.ts'
import { openHosts } from '../../../src/remote/ssh.ts'
import { type Sshd, startSshd } from '../../fakes/sshd.ts'

jest.setTimeout(60_000)

const folder = mkdtempSync(join(tmpdir(), 'ballot-'))
const session = randomUUID()
let sshd: Sshd
let hosts: Hosts
let host: Host

beforeAll(async () => {
  sshd = await startSshd()
  hosts = await open(session)
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

async function open(by: string): Promise<Hosts> {
  return await openHosts(
    [sshd.node],
    { keyFiles: [sshd.keyFile], knownHosts: [], acceptNew: false },
    { folder, session: by },
  )
}

async function openSpare(by: string): Promise<Hosts> {
  const opened = await open(by)
  spare.push(opened)
  return opened
}

const holder = { owner: '1', ownerName: "acme/it's", run: '7', attempt: 1, session }
const record = (generation: number) => renderRecord({ generation, members: ['node-1'], holder })

test('a record is made, read, replaced and removed, stamped with the clock of the node', async () => {
  const ballot = createBallot(host, join(folder, 'first'))
  expect(await ballot.read()).toMatchObject({ node: 'node-1', content: '' })
  const made = await ballot.swap('', record(1))
  const [uptimeS] = readFileSync('/proc/uptime', 'utf8').split(' ').map(Number)
  expect(made.swapped).toBe(true)
  expect(parseRecord(made.content)).toMatchObject({
    generation: 1,
    holder,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  })
  expect(Math.abs((parseRecord(made.content)?.uptimeAtRenewal ?? 0) - (uptimeS ?? 0))).toBeLessThan(10)
  expect((await ballot.read()).content).toBe(made.content)
  expect(statSync(join(folder, 'first')).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'first', 'lease.json')).mode & 0o777).toBe(0o600)
  expect(await ballot.swap('another', record(2))).toEqual({ swapped: false, content: made.content })
  expect((await ballot.swap(made.content, made.content)).content).toBe(made.content)
  expect(await ballot.swap(made.content, '')).toEqual({ swapped: true, content: '' })
  expect((await ballot.read()).content).toBe('')
})

test('of five that write at once exactly one does', async () => {
  const ballot = createBallot(host, join(folder, 'contended'))
  const all = await Promise.all(Array.from({ length: 5 }, (_, index) => ballot.swap('', record(index))))
  expect(all.filter(({ swapped }) => swapped)).toHaveLength(1)
  expect(new Set(all.map(({ content }) => content)).size).toBe(1)
})

test('a node without the folder gets none by a renewal', async () => {
  const ballot = createBallot(host, join(folder, 'gone'))
  expect(await ballot.swap('what was there', record(1))).toEqual({ swapped: false, content: '' })
  expect(() => statSync(join(folder, 'gone'))).toThrow('ENOENT')
})

test('ending a session ends its commands and its connection, and nobody else’s', async () => {
  const former = randomUUID()
  const old = await openSpare(former)
  const running = old.get('node-1')?.run('sleep 1000 & sleep 1000; wait')
  const judged = expect(running).rejects.toMatchObject({ kind: 'ssh', message: expect.stringContaining('was cut off') })
  const bystander = host.run('sleep 3; echo alive')
  await old.get('node-1')?.run('true')
  const ballot = createBallot(host, join(folder, 'x'))
  expect(await ballot.endSession(former)).toBeGreaterThanOrEqual(3)
  await judged
  expect(await bystander).toBe('alive\n')
  expect(await ballot.endSession(former)).toBe(0)
})

const options = {
  stack: { name: 'prod', owner: '1', ownerName: 'acme/infra' },
  members: ['node-1'],
  waitMs: 0,
  log: () => undefined,
  root: folder,
}
const leaseFile = join(folder, 'prod', 'lease.json')

test('a lease is taken on a real node, told to the next run, and released', async () => {
  const lease = await takeLease(hosts, { ...options, run: { id: '7', attempt: 1 }, session })
  await expect(takeLease(hosts, { ...options, run: { id: '8', attempt: 1 }, session: 'other' })).rejects.toThrow(
    'run 7, attempt 1',
  )
  await lease[Symbol.asyncDispose]()
  expect(parseRecord(readFileSync(leaseFile, 'utf8'))).toMatchObject({ generation: 1, holder: null })
})

test('an expired lease is taken over, its session ended first', async () => {
  const former = randomUUID()
  const old = await openSpare(former)
  const expiring = await takeLease(old, { ...options, run: { id: '9', attempt: 1 }, session: former })
  spare.push(expiring)
  // In turn after the first renewal: the next one, which would make the record young again, is some time away.
  await expiring.admit(old.get('node-1') as Host)
  const content = readFileSync(leaseFile, 'utf8')
  writeFileSync(
    leaseFile,
    content.replace(/"uptimeAtRenewal":([\d.]+)/, (_, at) => `"uptimeAtRenewal":${Number(at) - 100}`),
  )
  const lease = await takeLease(hosts, { ...options, run: { id: '10', attempt: 1 }, session })
  await expect(old.get('node-1')?.run('true')).rejects.toMatchObject({ kind: 'ssh' })
  await lease[Symbol.asyncDispose]()
})

test('a post step ends what a cancelled run left, and releases its lease', async () => {
  const former = randomUUID()
  const old = await openSpare(former)
  spare.push(await takeLease(old, { ...options, run: { id: '11', attempt: 1 }, session: former }))
  await releaseLease(hosts, { ...options, session: former })
  await expect(old.get('node-1')?.run('true')).rejects.toMatchObject({ kind: 'ssh' })
  expect(parseRecord(readFileSync(leaseFile, 'utf8'))?.holder).toBeNull()
})
