import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createRke, type RkeOptions } from '../../../../src/kubernetes/rke/rke.ts'
import { type StackFile, sha256 } from '../../../../src/kubernetes/rke/state.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { kubeletVersion, TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import type { Lease } from '../../../../src/remote/lease.ts'
import type { Change } from '../../../../src/steps.ts'
import type { ImageUse } from '../../../../src/tools/bundle.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { apiAnswer } from './answers.ts'
import { archiveIn, foundOf, STATE, wantedOf } from './world.ts'

const wanted = wantedOf()
const lease: Lease = {
  holder: '1/1',
  generation: 1,
  lost: new AbortController().signal,
  [Symbol.asyncDispose]: async () => {},
}
const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apply-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Stands for rke: a script that finds cluster.yml and the state in its working folder. */
async function rke(script: string, more: Partial<RkeOptions> = {}) {
  const binary = join(folder, 'rke')
  await writeFile(binary, `#!/bin/sh\n${script}\n`)
  await chmod(binary, 0o700)
  return createRke({
    stack: { name: 'rancher', owner: '1', ownerName: 'o/r' },
    run: { id: '1', attempt: 1 },
    rkeBinary: async () => binary,
    keyFiles: async () => ['/run/key'],
    folder,
    log: () => {},
    ...more,
  })
}

const looked = (stack: string, sums = '', runs = '') =>
  `#### stack\n${stack}\n#### states\n${sums}\n#### ca\n\n#### runs\n${runs}\n#### end\n`

/** Nodes that hold this state as generation 4, or none. */
function nodes(state: string | undefined): FakeHost[] {
  const {
    where: _where,
    actualSha256: _actual,
    ...file
  } = foundOf('', { generation: 4, stateSha256: sha256(state ?? ''), phase: 'pending' })
  const stack = state === undefined ? '' : JSON.stringify(file)
  return wanted.nodes.map((node) =>
    fakeHost(node)
      .answers('look', looked(stack, state === undefined ? '' : `${sha256(state)}  cluster-4.rkestate`))
      .answers('cat /var/lib/rancher-ha/rancher/cluster-4.rkestate', state ?? '')
      .answers('install -d -m 0700', '')
      .answers('find /var/lib/rancher-ha/rancher', '')
      .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
      .answers('ask-api', () => apiAnswer(wanted.nodes))
      .forwards(`${node.privateAddress}:22`, 40022),
  )
}

const written = (host: FakeHost) => host.received.flatMap((one) => ('write' in one ? [one] : []))
const stackFile = (host: FakeHost) =>
  JSON.parse(written(host).findLast((one) => one.write.endsWith('stack.json'))?.content ?? '{}') as StackFile
const change = (kind: string, more: object = {}): Change => ({
  room: 'kubernetes',
  kind,
  version: 'v1.32.6-rancher1-1',
  ...more,
})
const UP = change('cluster-up', { joins: [], leaves: [] })

test('a state is written to every node before rke is near one: the state first, then what makes it count', async () => {
  const hosts = nodes(undefined)
  const distribution = await rke(
    `grep -q "port: \\"1\\"" cluster.yml || exit 1\ncat >cluster.rkestate <<'E'\n${STATE}\nE`,
  )
  await distribution.apply(change('write-state-ahead'), fakeHosts(hosts), wanted, lease, signal)
  for (const host of hosts) {
    expect(written(host).map(({ write, mode }) => [write, mode])).toEqual([
      ['/var/lib/rancher-ha/rancher/cluster-1.rkestate', '0600'],
      ['/var/lib/rancher-ha/rancher/stack.json', '0600'],
    ])
    expect(stackFile(host)).toMatchObject({
      generation: 1,
      phase: 'pending',
      stateSha256: sha256(written(host)[0]?.content ?? ''),
    })
  }
  expect(await readdir(folder)).toEqual(['rke'])
})

test('rke finds the state of the nodes, and a bastion on this machine, also in what it takes for running; what it made is kept as done', async () => {
  const hosts = nodes(STATE)
  const distribution = await rke(
    'grep -q "address: 127.0.0.1" cluster.yml && grep -q 40022 cluster.yml && grep -q 40022 cluster.rkestate || exit 1\necho >>cluster.rkestate',
  )
  await distribution.apply(UP, fakeHosts(hosts), wanted, lease, signal)
  for (const host of hosts) {
    expect(stackFile(host)).toMatchObject({
      generation: 5,
      phase: 'done',
      clusterUid: 'uid-1',
      asked: { hostname: 'rancher.test' },
    })
    const content = written(host)[0]?.content ?? ''
    expect(content.endsWith('\n')).toBe(true)
    const { desiredState, currentState } = parseState(content, 'kept')
    expect(desiredState).toEqual(parseState(STATE, 'fixture').desiredState)
    expect(currentState.rkeConfig?.['bastionHost']).toEqual({
      address: '127.0.0.1',
      port: '40022',
      user: 'rancher',
      sshKeyPath: '/run/key',
    })
  }
})

test('what rke recorded before it failed is kept as pending, and its error told', async () => {
  const hosts = nodes(STATE)
  const distribution = await rke(
    'tr -d "\\n" <cluster.rkestate >s && mv s cluster.rkestate\necho "FATA[0318] etcd is unhealthy"\nexit 1',
  )
  await expect(distribution.apply(UP, fakeHosts(hosts), wanted, lease, signal)).rejects.toThrow('etcd is unhealthy')
  for (const host of hosts) expect(stackFile(host)).toMatchObject({ generation: 5, phase: 'pending' })
  expect(await readdir(folder)).toEqual(['rke'])
})

test('a node that is to join is unknown to rke', async () => {
  const hosts = nodes(STATE)
  const distribution = await rke('cp cluster.rkestate ../seen')
  await distribution.apply({ ...UP, joins: ['node-2'] }, fakeHosts(hosts), wanted, lease, signal)
  const { currentState } = JSON.parse(written(hosts[0] as FakeHost)[0]?.content ?? '') as {
    currentState: { rkeConfig: { nodes: { hostnameOverride: string }[] } }
  }
  expect(currentState.rkeConfig.nodes.map(({ hostnameOverride }) => hostnameOverride)).toEqual(['node-1', 'node-3'])
})

test('without the lease nothing more is written', async () => {
  const hosts = nodes(STATE)
  const controller = new AbortController()
  const distribution = await rke('tr -d "\\n" <cluster.rkestate >s && mv s cluster.rkestate\necho started\nsleep 30', {
    log: () => controller.abort(new Error('lost')),
  })
  const stolen = { ...lease, lost: controller.signal }
  await expect(distribution.apply(UP, fakeHosts(hosts), wanted, stolen, signal)).rejects.toThrow('rke was ended')
  expect(hosts.flatMap(written)).toEqual([])
})

test('keeping the state starts and stops nothing', async () => {
  const hosts = nodes(STATE)
  const distribution = await rke('exit 1')
  await distribution.apply(change('keep-state'), fakeHosts(hosts), wanted, lease, signal)
  for (const host of hosts) {
    expect(stackFile(host)).toMatchObject({ generation: 5, phase: 'done', clusterUid: 'uid-1' })
    const commands = host.received.flatMap((one) => ('command' in one ? [one.command] : []))
    expect(commands.filter((one) => /docker|rm /.test(one))).toEqual([])
  }
})

test('what was asked is written as a generation of its own, and not again when it is there', async () => {
  const asked = {
    hostname: 'rancher.test',
    kubernetesVersion: 'v',
    clusterDigest: 'd',
    rancherVersion: '2.11.3',
    helmValues: { replicas: 3 },
  }
  const hosts = nodes(STATE)
  const distribution = await rke('exit 1')
  await distribution.keepAsked(asked, fakeHosts(hosts), lease)
  for (const host of hosts) expect(stackFile(host)).toMatchObject({ generation: 5, phase: 'pending', asked })
  const {
    where: _where,
    actualSha256: _actual,
    ...file
  } = foundOf('', { generation: 4, stateSha256: sha256(STATE), asked })
  const again = nodes(STATE).map((host) =>
    host.answers('look', looked(JSON.stringify(file), `${sha256(STATE)}  cluster-4.rkestate`)),
  )
  await distribution.keepAsked(asked, fakeHosts(again), lease)
  expect(again.flatMap(written)).toEqual([])
})

const LOAD = 'docker load --quiet < '

test.each<[string, Change, string[]]>([
  ['rke waits for', change('load-images', { node: 'node-2', version: TESTED_VERSION }), ['planes', 'own']],
  ['runs on Kubernetes', change('load-workload-images', { node: 'node-2' }), ['ingress', 'rancher', 'webhook']],
])('of a bundle only what %s is loaded, and only what the node lacks', async (_what, load, loaded) => {
  const image = (name: string, use: ImageUse, kubernetes?: string) => archiveIn(folder, name, { for: use, kubernetes })
  const images = [
    image('planes', 'rke'),
    image('own', 'rke', kubeletVersion(TESTED_VERSION)),
    image('other', 'rke', 'v1.1.0'),
    image('ingress', 'ingress'),
    image('rancher', 'rancher'),
    image('webhook', 'cert-manager'),
    image('controller', 'cert-manager'),
  ]
  const hosts = nodes(STATE).map((host) =>
    host.answers('docker image ls', 'controller:1\n').answers('docker load', 'Loaded'),
  )
  const distribution = await rke('exit 0')
  await distribution.apply(load, fakeHosts(hosts), { ...wanted, images }, lease, signal)
  const loads = hosts.map(({ received }) =>
    received.flatMap((one) =>
      'command' in one && one.command.startsWith(LOAD) ? [one.command.slice(LOAD.length)] : [],
    ),
  )
  expect(loads).toEqual([[], loaded.map((name) => join(folder, `${name}.tar`)), []])
})

const brings = (hosts: () => FakeHost[]) => async () => {
  const distribution = await rke('exit 0')
  await distribution.apply(change('load-images', { node: 'node-2' }), fakeHosts(hosts()), wanted, lease, signal)
}

tries('ssh', [
  [
    'Make the node answer and run again.',
    brings(() => nodes(STATE).slice(0, 1)),
    brings(() => nodes(STATE).map((host) => host.answers('docker image ls', ''))),
  ],
])
