import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createRke } from '../../../../src/kubernetes/rke/rke.ts'
import { fileSha256, packArchive } from '../../../../src/kubernetes/rke/snapshot-archive.ts'
import { sha256 } from '../../../../src/kubernetes/rke/state.ts'
import type { Lease } from '../../../../src/remote/lease.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { apiAnswer } from './answers.ts'
import { foundOf, STATE, wantedOf } from './world.ts'

const { nodes } = wantedOf()
const lease: Lease = {
  holder: '1/1',
  generation: 1,
  lost: new AbortController().signal,
  [Symbol.asyncDispose]: async () => {},
}
const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'take-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Reads the first word of a database made up for a test as its revision. */
const judge = async (file: string) => {
  const text = await readFile(file, 'utf8')
  if (!/^\d/.test(text)) throw new Error(`nobody reads ${text}`)
  return { revision: Number.parseInt(text, 10) }
}
const call = { run: { id: '42', attempt: 1 }, judge }

async function rke(script = 'exit 0') {
  const binary = join(folder, 'rke')
  await writeFile(binary, `#!/bin/sh\necho "$@" >>${folder}/calls\ncp cluster.yml ${folder}/cluster.yml\n${script}\n`)
  await chmod(binary, 0o700)
  return createRke({
    stack: { name: 'rancher', owner: '1', ownerName: 'o/r' },
    run: { id: '1', attempt: 1 },
    rkeBinary: async () => binary,
    keyFiles: async () => ['/run/key'],
    folder,
    log: () => {},
  })
}

/** What a node says of the snapshot it has: `database` in an archive of the name it was asked for, or nothing. */
function member(
  at: number,
  database: string | undefined,
  more: { cutShort?: boolean; changes?: boolean } = {},
): FakeHost {
  const { where: _where, actualSha256: _sum, ...file } = foundOf('', { generation: 4, stateSha256: sha256(STATE) })
  const node = nodes[at] ?? nodes[0]
  if (node === undefined) throw new Error('no node')
  const host = fakeHost(node)
    .answers(
      'sh -s -- look',
      `#### stack\n${JSON.stringify(file)}\n#### states\n${sha256(STATE)}  cluster-4.rkestate\n#### end\n`,
    )
    .answers('cat /var/lib/rancher-ha/rancher/cluster-4.rkestate', STATE)
    .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
    .answers('ask-api', () => apiAnswer(nodes))
    .forwards(`${node.privateAddress}:22`, 40022)
  const archive = join(folder, `on-${node.name}.zip`)
  host.answers('look-for-snapshot', async ({ input }) => {
    const name = /file='.*\/(.*)\.zip'/.exec(String(input))?.[1] ?? ''
    if (database === undefined) return ''
    await writeFile(`${archive}.db`, database)
    await packArchive(archive, name, `${archive}.db`, STATE)
    const sum = await fileSha256(archive)
    return `1234\n1767323045\n${more.changes ? sum.replace(/./, 'x') : sum}\n${more.cutShort ? '00000000' : '504b0506'}\n`
  })
  host.save = async (_command, localPath) => await copyFile(archive, localPath)
  return host
}

test('one copy is brought here, with all that is to be known of it; the others are told of', async () => {
  const distribution = await rke()
  const taken = await distribution.takeSnapshot(
    call,
    fakeHosts([member(0, undefined), member(1, '7 b'), member(2, '7 c', { cutShort: true })]),
    lease,
    signal,
  )
  expect(taken).toMatchObject({
    node: 'node-2',
    clusterUid: 'uid-1',
    kubernetesVersion: 'v1.32.6-rancher1-1',
    members: ['node-1', 'node-2', 'node-3'],
    state: STATE,
    takenAt: new Date('2026-01-02T03:04:05Z'),
    copies: [
      { node: 'node-1', problem: 'there is none' },
      { node: 'node-2', problem: undefined },
      { node: 'node-3', problem: 'it is cut short' },
    ],
  })
  expect(await readFile(taken.etcdFile, 'utf8')).toBe('7 b')
  expect(taken.sha256).toBe(
    createHash('sha256')
      .update(await readFile(taken.file))
      .digest('hex'),
  )
  expect(taken.file.endsWith(`/${taken.name}.zip`)).toBe(true)
  expect(await readFile(join(folder, 'calls'), 'utf8')).toContain(`etcd snapshot-save --name ${taken.name} --config`)
})

test('rke is told the cluster as it was recorded, on the members that answer, by the loopback alone', async () => {
  const distribution = await rke()
  await distribution.takeSnapshot(call, fakeHosts([member(0, '7 a'), member(2, '7 c')]), lease, signal)
  const yml = await readFile(join(folder, 'cluster.yml'), 'utf8')
  expect(yml).toMatch(/plugin: canal/)
  expect(yml).toMatch(/kubernetes_version: v1.32.6-rancher1-1/)
  expect(yml).toMatch(/address: 127.0.0.1/)
  expect(yml).toMatch(/hostname_override: node-3/)
  expect(yml).not.toMatch(/hostname_override: node-2/)
})

test.each([
  [
    'rke says yes, and nothing lies anywhere',
    'exit 0',
    undefined,
    /no node has a good snapshot\nnode-1: there is none/,
  ],
  ['rke says no, and nothing lies anywhere', 'echo FATA[0001] broken; exit 1', undefined, /exit code 1/],
  ['the copy changed on the way', 'exit 0', { changes: true }, /it changed on the way/],
])('%s', async (_name, script, more, message) => {
  const distribution = await rke(script)
  const hosts = fakeHosts([0, 1, 2].map((at) => member(at, more === undefined ? undefined : '7', more)))
  await expect(distribution.takeSnapshot(call, hosts, lease, signal)).rejects.toThrow(message)
})

test('rke says no, and one node has a good copy: that one counts', async () => {
  const distribution = await rke('echo FATA[0001] broken; exit 1')
  const taken = await distribution.takeSnapshot(call, fakeHosts([member(0, undefined), member(1, '7')]), lease, signal)
  expect(taken.node).toBe('node-2')
})

/** What a member says of itself, when it does, and what its file holds. */
type Left = { answers?: string; file?: string; isFull?: boolean }

/** A member without quorum: one that answers at its own endpoint, or one of which only the files are left. */
function survivor(at: number, { answers, file, isFull = false }: Left, container = 'exited'): FakeHost {
  const host = member(at, undefined)
    .answers('test -s /var/lib/etcd/member/snap/db', { exitCode: (answers ?? file) === undefined ? 1 : 0 })
    .answers('docker inspect', container)
    .answers('snapshot save', answers === undefined || isFull ? { exitCode: 1, stderr: 'no space left on device' } : '')
    .answers("stat -c '%Y' /var/lib/etcd", '1767323000')
    .answers('rm -f /var/lib/etcd/rancher-ha-survivor.db', '')
    .answers('docker stop', '')
    .answers('docker start', '')
  host.save = async (command, localPath) =>
    await writeFile(localPath, (command.includes('member/snap/db') ? file : answers) ?? '')
  return host
}

const commands = (host: FakeHost) => host.received.flatMap((one) => ('command' in one ? [one.command] : []))

test.each([
  ['a member that answers', [{ answers: '7 a' }, {}, {}], 'node-1', '7 a'],
  ['of two that answer the one that knows more', [{ answers: '7 a' }, { answers: '9 b' }, {}], 'node-2', '9 b'],
  ['a silent one whose files know more', [{ answers: '7 a' }, { file: '8 b' }, {}], 'node-2', '8 b'],
  ['only files', [{}, { file: '5 b' }, { file: '6 c' }], 'node-3', '6 c'],
  ['one that answers from a full disk: its files', [{ answers: '', file: '5 b', isFull: true }], 'node-1', '5 b'],
])('survivors: %s', async (_name, left: Left[], node, database) => {
  const distribution = await rke()
  const hosts = left.map((each, at) => survivor(at, each))
  const taken = await distribution.saveSurvivor(call, fakeHosts(hosts), lease, signal)
  expect(taken.node).toBe(node)
  const content = await readFile(taken.etcdFile)
  const isFile = left.some((each) => each.file === database)
  const digest = createHash('sha256').update(database).digest()
  expect(content.equals(isFile ? Buffer.concat([Buffer.from(database), digest]) : Buffer.from(database))).toBe(true)
  expect(taken.sha256).toBe(await fileSha256(taken.file))
})

test('a snapshot a survivor made of itself is removed from its data, also when it cannot be read', async () => {
  const distribution = await rke()
  const host = survivor(0, { answers: 'torn' })
  await expect(distribution.saveSurvivor(call, fakeHosts([host]), lease, signal)).rejects.toThrow('nobody reads torn')
  const order = commands(host).filter((one) => one.includes('rancher-ha-survivor'))
  expect(order.map((one) => one.split(' ')[0])).toEqual(['timeout', 'stat', 'rm'])
})

test('a member that crashes again and again is held still while its files are read, and let go', async () => {
  const distribution = await rke()
  const crashing = survivor(1, { file: '5 b' }, 'restarting')
  await distribution.saveSurvivor(call, fakeHosts([crashing]), lease, signal)
  const order = commands(crashing).filter((one) => /^(docker (stop|start) |stat)/.test(one))
  expect(order).toEqual(['docker stop -t 20 etcd', "stat -c '%Y' /var/lib/etcd/member/snap/db", 'docker start etcd'])
})

test('no data anywhere: nothing is invented', async () => {
  const distribution = await rke()
  await expect(
    distribution.saveSurvivor(call, fakeHosts([survivor(0, {}), survivor(1, {})]), lease, signal),
  ).rejects.toThrow('no node has a good snapshot')
})

const takes = (database: string | undefined) => async () => {
  const distribution = await rke()
  await distribution.takeSnapshot(call, fakeHosts([0, 1, 2].map((at) => member(at, database))), lease, signal)
}

tries('snapshot', [
  ['Look at the disks of the nodes and at their etcd members, then run again.', takes(undefined), takes('7')],
  [
    'Run the same again: it goes on from what stands.',
    async () => {
      const distribution = await rke()
      const empty = '#### stack\n\n#### states\n\n#### ca\n\n#### runs\n\n#### end\n'
      const bare = [0, 1, 2].map((at) => member(at, '7').answers('sh -s -- look', empty))
      await distribution.takeSnapshot(call, fakeHosts(bare), lease, signal)
    },
    takes('7'),
  ],
])
