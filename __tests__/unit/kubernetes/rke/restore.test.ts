import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { KubeConfig } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { RestoreSource, WantedRestore } from '../../../../src/kubernetes/distribution.ts'
import { refuseRestore, refuseRoom } from '../../../../src/kubernetes/rke/refuse-restore.ts'
import { refuseState } from '../../../../src/kubernetes/rke/refuse-state.ts'
import { applyRestore, fetchRestoring } from '../../../../src/kubernetes/rke/restore-apply.ts'
import { planRestore, type RestoreChange } from '../../../../src/kubernetes/rke/restore-plan.ts'
import { type StackFile, sha256 } from '../../../../src/kubernetes/rke/state.ts'
import { recordedMembersOf, restoringOf, survivorsOf } from '../../../../src/kubernetes/rke/survivors.ts'
import type { Lease } from '../../../../src/remote/lease.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { apiAnswer, etcdAnswer } from './answers.ts'
import {
  bareFacts,
  containerOf,
  foundOf,
  healthyFacts,
  imageOf,
  memberNode,
  nodeOf,
  STATE,
  wantedOf,
  withOwn,
} from './world.ts'

const lease: Lease = {
  holder: '1/1',
  generation: 1,
  lost: new AbortController().signal,
  [Symbol.asyncDispose]: async () => {},
}
const { signal } = new AbortController()
const wantedCluster = wantedOf()
const ASKED = {
  hostname: 'rancher.test',
  kubernetesVersion: 'v',
  clusterDigest: 'digest',
  rancherVersion: '2.11.3',
  helmValues: { replicas: 3 },
}
let folder = ''
let source: RestoreSource
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-'))
  const file = join(folder, 'snap.zip')
  await writeFile(file, 'the archive')
  source = {
    snapshot: 'snap',
    sha256: sha256('the archive'),
    clusterUid: 'uid-1',
    takenAt: '2026-01-02T03:04:05.000Z',
    from: 'rancher_uid-1',
    file,
    state: STATE,
    asked: ASKED,
  }
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const wantedRestore = (more: Partial<WantedRestore> = {}): WantedRestore => ({
  stack: 'rancher',
  hostname: 'rancher.test',
  nodes: wantedCluster.nodes,
  loadBalancer: '10.77.0.10',
  images: [],
  source,
  ...more,
})

test('the plan: the file on every node, then the word that a restore begins, then rke, then the proof', () => {
  const steps = planRestore(healthyFacts(wantedCluster), wantedRestore())
  expect(steps.map(({ id }) => id)).toEqual([
    'put-snapshot-node-1',
    'put-snapshot-node-2',
    'put-snapshot-node-3',
    'write-restore-ahead',
    'restore-cluster',
    'prove-restored',
  ])
  expect(steps[3]?.needs).toEqual(['put-snapshot-node-1', 'put-snapshot-node-2', 'put-snapshot-node-3'])
  expect(steps[4]?.needs).toEqual(['write-restore-ahead'])
  expect(steps[0]?.change).toMatchObject({ snapshot: 'snap', sha256: source.sha256 })
})

test('what failed attempts left is cleared first, and images a node lacks are loaded', () => {
  const facts = withOwn(healthyFacts(wantedCluster), ({ nodes }) => ({
    nodes: nodes.map((node, at) => (at === 1 ? { ...node, containers: [containerOf('etcd-checksum-checker')] } : node)),
  }))
  const steps = planRestore(facts, wantedRestore({ images: [imageOf('a:1')] }))
  expect(steps.map(({ id }) => id).slice(0, 4)).toEqual([
    'load-images-node-1',
    'load-images-node-2',
    'load-images-node-3',
    'clear-restore-node-2',
  ])
  expect(steps.find(({ id }) => id === 'put-snapshot-node-2')?.needs).toEqual(['clear-restore-node-2'])
  expect(steps.find(({ id }) => id === 'restore-cluster')?.needs).toContain('load-images-node-1')
})

test('of a bundle with several versions of Kubernetes only the images of the one that is restored are loaded', () => {
  const planFor = (kubernetes: string) =>
    planRestore(bareFacts(1), wantedRestore({ images: [imageOf('a:1', { kubernetes })] })).map(({ id }) => id)
  expect(planFor('v1.32.6')).toContain('load-images-node-1')
  expect(planFor('v1.31.10')).not.toContain('load-images-node-1')
})

test('survivors are planned for before anybody knows their file', () => {
  const steps = planRestore(bareFacts(1), wantedRestore({ source: undefined }))
  expect(steps.find(({ id }) => id === 'restore-cluster')?.change).toMatchObject({ snapshot: 'to be saved' })
})

test('the plan is the same in any order of nodes', () => {
  const facts = healthyFacts(wantedCluster)
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3], { minLength: 3 }), (order) => {
      expect(planRestore(facts, wantedRestore({ nodes: order.map(nodeOf) }))).toEqual(
        planRestore(facts, wantedRestore()),
      )
    }),
  )
})

/** Nodes that hold the state as generation 4, and the file when it was written to them. */
function hosts(file: Partial<StackFile> = {}, onNode = ''): FakeHost[] {
  const {
    where: _where,
    actualSha256: _sum,
    ...stack
  } = foundOf('', { generation: 4, stateSha256: sha256(STATE), ...file })
  return wantedCluster.nodes.map((node, at) => {
    const host = fakeHost(node)
    const lies = () => {
      const written = host.received.findLast((one) => 'write' in one && one.write.endsWith('.zip'))
      return written !== undefined && 'content' in written ? written.content : onNode
    }
    return host
      .answers(
        'sh -s -- look',
        `#### stack\n${JSON.stringify(stack)}\n#### states\n${sha256(STATE)}  cluster-4.rkestate\n#### end\n`,
      )
      .answers('look-for-snapshot', () => (lies() === '' ? '' : `11\n1767323045\n${sha256(lies())}\n504b0506\n`))
      .answers('cat /var/lib/rancher-ha/rancher/cluster-4.rkestate', STATE)
      .answers("cat '/opt/rke", () => lies())
      .answers('mkdir -p -m 0700', '')
      .answers('install -d -m 0700', '')
      .answers('find /var/lib/rancher-ha/rancher', '')
      .answers('docker ', '')
      .answers('docker inspect', new Date(Date.now() - 60_000).toISOString())
      .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
      .answers('ask-etcd', etcdAnswer(at, wantedCluster.nodes))
      .answers('end-member', '')
      .answers('ask-api', () => apiAnswer(wantedCluster.nodes))
      .forwards(`${node.privateAddress}:22`, 40022)
  })
}

async function apply(change: Partial<RestoreChange>, on: FakeHost[], wanted = wantedRestore(), script = 'exit 0') {
  const binary = join(folder, 'rke')
  await writeFile(
    binary,
    `#!/bin/sh\necho "$@" >${folder}/call\ncp cluster.yml cluster.rkestate ${folder}\n${script}\n`,
  )
  await chmod(binary, 0o700)
  const deleted: string[] = []
  const client = { deleteNode: async ({ name }: { name: string }) => void deleted.push(name) }
  await applyRestore({ room: 'kubernetes', ...change } as RestoreChange, {
    tools: { binary: async () => binary, keyFiles: async () => ['/run/key'], folder, log: () => {} },
    hosts: fakeHosts(on),
    wanted,
    openApi: async () => ({
      config: { makeApiClient: () => client } as unknown as KubeConfig,
      kubeconfigFile: '',
      [Symbol.asyncDispose]: async () => {},
    }),
    lease,
    signal,
  })
  return deleted
}

const written = (host: FakeHost | undefined) => (host?.received ?? []).flatMap((one) => ('write' in one ? [one] : []))
const stackFile = (host: FakeHost | undefined) =>
  JSON.parse(written(host).findLast((one) => one.write.endsWith('stack.json'))?.content ?? '{}') as StackFile

test('the verified file is put on a node, and seen by its SHA-256 to be that file', async () => {
  const on = hosts()
  await apply({ kind: 'put-snapshot', node: 'node-2' }, on)
  expect(written(on[1]).map(({ write, content }) => [write, content])).toEqual([
    ['/opt/rke/etcd-snapshots/snap.zip', 'the archive'],
  ])
  const again = hosts({}, 'the archive')
  await apply({ kind: 'put-snapshot', node: 'node-2' }, again)
  expect(written(again[1])).toEqual([])
  const broken = hosts()
  broken[1]?.answers('look-for-snapshot', '11\n1767323045\nother\n504b0506\n')
  await expect(apply({ kind: 'put-snapshot', node: 'node-2' }, broken)).rejects.toThrow(/expected SHA-256/)
})

test('before rke wipes a node every node says which snapshot it is restored from', async () => {
  const on = hosts()
  await apply({ kind: 'write-restore-ahead' }, on)
  for (const host of on) {
    expect(stackFile(host)).toMatchObject({
      generation: 5,
      phase: 'pending',
      clusterUid: 'uid-1',
      restoring: { snapshot: 'snap', sha256: source.sha256, clusterUid: 'uid-1', from: 'rancher_uid-1' },
    })
    expect(JSON.stringify(stackFile(host))).not.toContain(folder)
  }
})

test('rke restores by name, with the state it is given, on these nodes, by the loopback', async () => {
  const on = hosts()
  await apply({ kind: 'restore-cluster', leaderless: [] }, on)
  expect(await readFile(join(folder, 'call'), 'utf8')).toMatch(
    /^etcd snapshot-restore --name snap --use-local-state --config \S+ --ignore-docker-version/,
  )
  expect(await readFile(join(folder, 'cluster.rkestate'), 'utf8')).toBe(STATE)
  const yml = await readFile(join(folder, 'cluster.yml'), 'utf8')
  expect(yml).toMatch(/plugin: canal/)
  expect(yml).toMatch(/- 10.77.0.10/)
  expect(yml.match(/hostname_override/g)).toHaveLength(3)
  expect(stackFile(on[0])).toMatchObject({ phase: 'pending', restoring: { snapshot: 'snap' } })
})

test('members that run without a quorum are ended before rke, and no others', async () => {
  const healthy = healthyFacts(wantedCluster)
  const lost = withOwn({ ...healthy, state: 'quorum-lost' }, ({ nodes }) => ({
    nodes: nodes.map((node, at) => (at === 0 ? node : { ...node, containers: [] })),
  }))
  const [step] = planRestore(lost, wantedRestore()).filter(({ id }) => id === 'restore-cluster')
  const on = hosts()
  await apply(step?.change as RestoreChange, on)
  const ended = on.filter((host) => host.received.some((one) => 'command' in one && one.command.includes('end-member')))
  expect(ended.map(({ node }) => node.name)).toEqual(['node-1'])
  const [running] = planRestore(healthy, wantedRestore()).filter(({ id }) => id === 'restore-cluster')
  expect(running?.change['leaderless']).toEqual([])
})

test('a restore that failed leaves the word that it was begun', async () => {
  const on = hosts()
  await expect(
    apply({ kind: 'restore-cluster', leaderless: [] }, on, wantedRestore(), 'echo FATA[0001] no; exit 1'),
  ).rejects.toThrow('no')
  expect(on.flatMap(written)).toEqual([])
})

test('proven: the state is done, the word of the restore is gone, what was asked then is asked now', async () => {
  const on = hosts({ phase: 'pending', restoring: { ...source } })
  expect(await apply({ kind: 'prove-restored' }, on)).toEqual([])
  for (const host of on) {
    expect(stackFile(host)).toMatchObject({ phase: 'done', clusterUid: 'uid-1', generation: 5 })
    expect(stackFile(host).asked).toEqual({ ...ASKED, kubernetesVersion: 'v1.32.6-rancher1-1' })
    expect(stackFile(host).restoring).toBeUndefined()
  }
})

test('on other machines it is not quite what was asked: the next install brings it there', async () => {
  const on = hosts()
  const nodes = wantedCluster.nodes.map((node) => ({ ...node, privateAddress: `${node.privateAddress}1` }))
  await apply({ kind: 'write-restore-ahead' }, on, wantedRestore({ nodes }))
  expect(stackFile(on[0]).asked?.clusterDigest).toBe('')
})

test('another cluster than the snapshot says is an error', async () => {
  const other = wantedRestore({ source: { ...source, clusterUid: 'uid-2' } })
  await expect(apply({ kind: 'prove-restored' }, hosts(), other)).rejects.toThrow(
    'expected the cluster uid-2, got uid-1',
  )
})

test('Node objects of machines that are gone are removed', async () => {
  const on = hosts()
  for (const host of on) host.answers('ask-api', () => apiAnswer([...wantedCluster.nodes, nodeOf(9)]))
  expect(await apply({ kind: 'prove-restored' }, on)).toEqual(['node-9'])
})

test('a restore that was begun goes on with the very same file', async () => {
  const tools = { binary: async () => '', keyFiles: async () => [], folder, log: () => {} }
  const { file: _file, state: _state, asked: _asked, ...restoring } = source
  const found = await fetchRestoring(restoring, {
    hosts: fakeHosts(hosts({}, 'the archive')),
    stack: 'rancher',
    tools,
    signal,
  })
  expect(found).toMatchObject({ ...restoring, state: STATE })
  expect(await readFile(found.file, 'utf8')).toBe('the archive')
  await expect(
    fetchRestoring(restoring, { hosts: fakeHosts(hosts({}, 'another')), stack: 'rancher', tools, signal }),
  ).rejects.toThrow('lies on no node any more')
})

test('survivors are the nodes with data; those that answer tell how much they know', () => {
  const facts = withOwn(
    {
      ...healthyFacts(wantedCluster),
      etcd: [{ node: 'node-2', healthy: false, leader: false, revision: 9, knows: [], problem: 'no leader' }],
    },
    ({ nodes }) => ({
      nodes: nodes.map((node, at) => ({
        ...node,
        containers: at === 1 ? node.containers : [],
        etcdData: at > 0,
        recordedMembers: ['node-1', 'node-4'],
      })),
    }),
  )
  expect(survivorsOf(facts)).toEqual([
    { node: 'node-2', answers: true, installed: true, revision: 9 },
    { node: 'node-3', answers: false, installed: false, revision: undefined },
  ])
  expect(recordedMembersOf(facts)).toEqual(['node-1', 'node-4'])
})

test('install is refused while a restore is unfinished', () => {
  const wanted = wantedOf()
  const facts = withOwn(healthyFacts(wanted), () => ({
    nodes: [1, 2, 3].map((at) =>
      memberNode(at, wanted, { state: foundOf(`node-${at}`, { phase: 'pending', restoring: { ...source } }) }),
    ),
  }))
  expect(restoringOf(facts)).toMatchObject({ snapshot: 'snap' })
  expect(refuseState(facts, wanted).map(({ what }) => what)).toEqual([
    expect.stringContaining('begun and not finished'),
  ])
  expect(refuseState(healthyFacts(wanted), wanted)).toEqual([])
})

test('a machine a restore was begun on is not taken for one in somebody else’s use', () => {
  const half = withOwn(bareFacts(3), ({ nodes }) => ({
    nodes: nodes.map((node) => ({
      ...node,
      listening: [22, 80, 443],
      containers: [containerOf('k8s_ingress')],
      state: foundOf(node.name),
    })),
  }))
  expect(refuseRestore(half, wantedRestore())).toEqual([])
  const taken = withOwn(half, ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, state: undefined })) }))
  expect(refuseRestore(taken, wantedRestore()).map(({ what }) => what)).toEqual(Array(3).fill('ports in use: 80, 443'))
})

test('a cluster that is not the snapshot’s is not wiped for it', () => {
  const refusals = refuseRestore(
    healthyFacts(wantedCluster),
    wantedRestore({ source: { ...source, clusterUid: 'other' } }),
  )
  expect(refusals.map(({ kind }) => kind)).toEqual(['snapshot'])
})

const damaging = () => {
  const on = hosts()
  on[1]?.answers('look-for-snapshot', `11\n1767323045\n${'a'.repeat(64)}\n504b0506\n`)
  return on
}
const fetches = (onNode: string) => () => {
  const { file: _file, state: _state, asked: _asked, ...restoring } = source
  const tools = { binary: async () => '', keyFiles: async () => [], folder, log: () => {} }
  return fetchRestoring(restoring, { hosts: fakeHosts(hosts({}, onNode)), stack: 'rancher', tools, signal })
}

tries('snapshot', [
  [
    'Look at the disk of …, then run again.',
    () => apply({ kind: 'put-snapshot', node: 'node-2' }, damaging()),
    () => apply({ kind: 'put-snapshot', node: 'node-2' }, hosts()),
  ],
  [
    'Look whether the snapshot is the right one; its manifest names another cluster than the one in it.',
    () => apply({ kind: 'prove-restored' }, hosts(), wantedRestore({ source: { ...source, clusterUid: 'uid-2' } })),
    () => apply({ kind: 'prove-restored' }, hosts()),
  ],
  [
    'Name the snapshot to go on with: restore-from with the name of a kept one, or latest.',
    fetches('another'),
    // The one that is named comes from where it is kept, and is put on the nodes anew.
    () => apply({ kind: 'put-snapshot', node: 'node-2' }, hosts({}, 'another')),
  ],
])

tries('ssh', [
  [
    'Make the node answer and run again.',
    () => apply({ kind: 'put-snapshot', node: 'node-2' }, hosts().slice(0, 1)),
    () => apply({ kind: 'put-snapshot', node: 'node-2' }, hosts()),
  ],
])

tries('preflight', [
  [
    'Run mode restore again: it goes on with the same snapshot.',
    () => refuseState(halfRestored(), wantedOf()),
    // What a restore that came to its end leaves.
    () => refuseState(healthyFacts(wantedOf()), wantedOf()),
  ],
  [
    'Make room on its disk: a full one stops etcd.',
    () => refuseRoom(fakeHosts(withRoom(1)), folder),
    () => refuseRoom(fakeHosts(withRoom(1 << 20)), folder),
  ],
  [
    'Make room on the disk of its temporary folder (RUNNER_TEMP).',
    // A file system that never has room.
    () => refuseRoom(fakeHosts(withRoom(1 << 20)), '/proc'),
    () => refuseRoom(fakeHosts(withRoom(1 << 20)), folder),
  ],
])

function halfRestored() {
  const wanted = wantedOf()
  return withOwn(healthyFacts(wanted), () => ({
    nodes: [1, 2, 3].map((at) =>
      memberNode(at, wanted, { state: foundOf(`node-${at}`, { phase: 'pending', restoring: { ...source } }) }),
    ),
  }))
}

/** Nodes with so many MiB free below the folder of snapshots. */
function withRoom(mib: number): FakeHost[] {
  return hosts().map((host) => host.answers('snapshot-room', `1000\n${mib * 1024}\n`))
}
