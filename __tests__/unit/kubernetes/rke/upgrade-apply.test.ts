import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ApiException, type KubeConfig } from '@kubernetes/client-node'
import type { Upgrading, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { clusterDigest, settingsDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { createRke, type RkeOptions } from '../../../../src/kubernetes/rke/rke.ts'
import { type StackFile, sha256 } from '../../../../src/kubernetes/rke/state.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { applyUpgrade, type UpgradeChange } from '../../../../src/kubernetes/rke/upgrade-apply.ts'
import type { Lease } from '../../../../src/remote/lease.ts'
import type { Change } from '../../../../src/steps.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { makeCertificate } from '../../rancher/certificate.ts'
import { tries } from '../../remedies/tries.ts'
import { apiAnswer, bareAnswer, etcdAnswer, memberAnswer } from './answers.ts'
import { archiveIn, foundOf, imageOf, STATE, wantedOf } from './world.ts'

const [OLD, NEW] = ['v1.31.10-rancher1-1', 'v1.32.6-rancher1-1']
const CONFIG = { system_images: { kubernetes: 'mine/kubernetes:new' } }
const wanted: WantedCluster = wantedOf(3, { config: CONFIG })
const lease: Lease = {
  holder: '1/1',
  generation: 1,
  lost: new AbortController().signal,
  [Symbol.asyncDispose]: async () => {},
}
const { signal } = new AbortController()

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upgrade-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** What runs: the older version, as the state recorded it and as it was asked for. */
const RUNNING = stateOf(OLD, 'mine/kubernetes:old')
function stateOf(version: string, image: string): string {
  const state = parseState(STATE, 'fixture')
  const half = (config: object | undefined) => ({
    ...config,
    kubernetesVersion: version,
    systemImages: { kubernetes: image, etcd: 'mine/etcd:1', alpine: 'mine/tools:1', podInfraContainer: 'mine/pause:1' },
    nodes: wanted.nodes.map(({ name, privateAddress }) => ({ hostnameOverride: name, address: privateAddress })),
  })
  return JSON.stringify({
    desiredState: { ...state.desiredState, rkeConfig: half(state.desiredState.rkeConfig) },
    currentState: { ...state.currentState, rkeConfig: half(state.currentState.rkeConfig) },
  })
}
const ASKED = {
  hostname: 'rancher.test',
  kubernetesVersion: OLD,
  clusterDigest: 'of the former rke-config',
  rancherVersion: '2.11.2',
  helmValues: { replicas: 3 },
}
const UPGRADING: Upgrading = {
  point: {
    snapshot: 'rancher-ha_1',
    sha256: 'aa',
    clusterUid: 'uid-1',
    takenAt: '2026-11-29T12:00:00.000Z',
    from: 'kept',
  },
  run: '1-1',
  before: ASKED,
  versions: { kubernetes: OLD, rancher: '2.11.2', certManager: 'v1.18.2', etcd: '3.5.21' },
  template: 'old',
}

/**
 * Stands for rke: `up --init` writes the state of the version that cluster.yml asks for, `up` does what the test says.
 * cluster.yml of the last `up` stays in the folder.
 */
async function rke(up = 'true', more: Partial<RkeOptions> = {}) {
  const binary = join(folder, 'rke')
  await writeFile(join(folder, 'new.json'), stateOf(NEW, 'mine/kubernetes:new'))
  await writeFile(join(folder, 'old.json'), RUNNING)
  const script = `#!/bin/sh
case "$*" in
  *--init*) grep -q 'kubernetes_version: ${NEW}' cluster.yml && cp ../new.json cluster.rkestate || cp ../old.json cluster.rkestate; exit 0 ;;
esac
echo "$@" >>../calls
cp cluster.yml ../cluster.yml; cp cluster.rkestate ../given.rkestate
${up}`
  await writeFile(binary, script)
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

/** Nodes that hold the running state as generation 4; what is written to one is what it holds from then on. */
function nodes(images: string[] = ['mine/kubernetes:new', 'mine/etcd:1', 'mine/tools:1', 'mine/pause:1']): FakeHost[] {
  const {
    where: _w,
    actualSha256: _a,
    ...file
  } = foundOf('', {
    generation: 4,
    stateSha256: sha256(RUNNING),
    phase: 'done',
    asked: ASKED,
    upgrading: UPGRADING,
  })
  return wanted.nodes.map((node, at) => {
    const host: FakeHost = fakeHost(node)
    const read = (end: string, fallback: string) =>
      host.received.findLast(
        (one): one is Extract<typeof one, { write: string }> => 'write' in one && one.write.endsWith(end),
      )?.content ?? fallback
    const stackFile = () => JSON.parse(read('stack.json', JSON.stringify(file))) as StackFile
    return host
      .answers('look', () => {
        const { generation, stateSha256 } = stackFile()
        return `#### stack\n${JSON.stringify(stackFile())}\n#### states\n${stateSha256}  cluster-${generation}.rkestate\n#### ca\n\n#### runs\netcd\n#### end\n`
      })
      .answers('cat /var/lib/rancher-ha/rancher/cluster-', () => read('.rkestate', RUNNING))
      .answers('install -d -m 0700', '')
      .answers('find /var/lib/rancher-ha/rancher', '')
      .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
      .answers('inspect-node', memberAnswer(node.name, wanted))
      .answers('ask-api', () => apiAnswer(wanted.nodes))
      .answers('ask-etcd', etcdAnswer(at, wanted.nodes))
      .answers('own-api', '\n#### version\n{"gitVersion":"v1.32.6"}\n#### ready\nok\n#### end\n')
      .answers('docker inspect --format', '2026-11-23T11:00:00Z')
      .answers('docker logs', '')
      .answers('missing-images', ({ input }) =>
        String(input)
          .split('\n')
          .filter((line) => line.startsWith('mine/') && !images.includes(line))
          .join('\n'),
      )
      .answers('pull-images', '')
      .forwards(`${node.privateAddress}:22`, 40022)
  })
}

const written = (host: FakeHost) => host.received.flatMap((one) => ('write' in one ? [one] : []))
const files = (host: FakeHost) =>
  written(host)
    .filter(({ write }) => write.endsWith('stack.json'))
    .map(({ content }) => JSON.parse(content) as StackFile)
const change = (kind: string, more: object = {}): Change => ({ room: 'kubernetes', kind, version: NEW, ...more })
const read = async (name: string) =>
  await import('node:fs/promises').then(({ readFile }) => readFile(join(folder, name), 'utf8'))

test('images lie on the node beforehand, and nothing that runs is touched', async () => {
  const hosts = nodes()
  const distribution = await rke()
  await distribution.applyUpgrade(change('upgrade-images', { node: 'node-2' }), fakeHosts(hosts), wanted, lease, signal)
  expect(
    hosts.map((host) => host.received.some((one) => 'command' in one && one.command.includes('pull-images'))),
  ).toEqual([false, true, false])
  expect(hosts.flatMap(written)).toEqual([])
  await expect(read('calls')).rejects.toThrow('ENOENT')
})

test('an image that cannot be had ends it before the first node', async () => {
  const hosts = nodes(['mine/etcd:1', 'mine/tools:1', 'mine/pause:1'])
  const distribution = await rke()
  const bring = distribution.applyUpgrade(
    change('upgrade-images', { node: 'node-2' }),
    fakeHosts(hosts),
    wanted,
    lease,
    signal,
  )
  await expect(bring).rejects.toMatchObject({
    kind: 'kubernetes',
    message: `node-2 lacks mine/kubernetes:new of Kubernetes ${NEW}`,
    stands: expect.stringContaining('Nothing of this version was begun'),
  })
})

test('the image of the running version under the name of the next one is refused', async () => {
  const distribution = await rke()
  await writeFile(join(folder, 'new.json'), stateOf(NEW, 'mine/kubernetes:old'))
  const bring = distribution.applyUpgrade(
    change('upgrade-images', { node: 'node-1' }),
    fakeHosts(nodes()),
    wanted,
    lease,
    signal,
  )
  await expect(bring).rejects.toMatchObject({
    kind: 'input',
    message: expect.stringContaining('mine/kubernetes:old, the image of'),
  })
})

test('the state is written ahead with what was asked before, then rke, then the proof, then what runs now', async () => {
  const hosts = nodes()
  const distribution = await rke()
  await distribution.applyUpgrade(change('upgrade-cluster'), fakeHosts(hosts), wanted, lease, signal)
  for (const host of hosts) {
    expect(
      files(host).map(({ generation, phase, asked, upgrading }) => [
        generation,
        phase,
        asked?.kubernetesVersion,
        upgrading?.run,
      ]),
    ).toEqual([
      [5, 'pending', OLD, '1-1'],
      [6, 'done', NEW, '1-1'],
    ])
  }
  expect(files(hosts[0] as FakeHost).at(-1)?.asked).toEqual({
    hostname: 'rancher.test',
    kubernetesVersion: NEW,
    clusterDigest: clusterDigest(wanted, NEW),
    settingsDigest: settingsDigest(wanted),
    rancherVersion: '2.11.2',
    helmValues: { replicas: 3 },
  })
  expect(await read('cluster.yml')).toMatch(/drain: true\n {2}node_drain_input:\n {4}force: true/)
  expect(await read('cluster.yml')).toMatch(/max_unavailable_controlplane: "1"/)
})

test('a failed rke leaves what was asked before, pending, so that the next run goes on; its error is told', async () => {
  const hosts = nodes()
  const distribution = await rke('echo " " >>cluster.rkestate; echo "FATA[0090] worker on node-2 is unhealthy"; exit 1')
  const upgrade = distribution.applyUpgrade(change('upgrade-cluster'), fakeHosts(hosts), wanted, lease, signal)
  await expect(upgrade).rejects.toThrow('worker on node-2 is unhealthy')
  expect(files(hosts[0] as FakeHost).at(-1)).toMatchObject({
    generation: 6,
    phase: 'pending',
    asked: ASKED,
    upgrading: UPGRADING,
  })
  expect(written(hosts[0] as FakeHost).findLast(({ write }) => write.endsWith('.rkestate'))?.content).toMatch(/ \n$/)
})

test('an API server that was never brought there is not taken for upgraded', async () => {
  const hosts = nodes().map((host, at) =>
    at === 1 ? host.answers('own-api', '\n#### version\n{"gitVersion":"v1.31.10"}\n#### ready\nok\n#### end\n') : host,
  )
  const stop = new AbortController()
  const distribution = await rke()
  const upgrade = distribution.applyUpgrade(change('upgrade-cluster'), fakeHosts(hosts), wanted, lease, stop.signal)
  setTimeout(() => stop.abort(new Error('the step is overdue')), 1_500)
  await expect(upgrade).rejects.toThrow('aborted')
  expect(files(hosts[0] as FakeHost).at(-1)).toMatchObject({ phase: 'pending' })
})

test('going back gives rke the settings that were recorded, and the stack its former record', async () => {
  const hosts = nodes().map((host) =>
    host
      .answers('own-api', '\n#### version\n{"gitVersion":"v1.31.10"}\n#### ready\nok\n#### end\n')
      .answers('ask-api', () => apiAnswer(wanted.nodes).replaceAll('v1.32.6', 'v1.31.10')),
  )
  const distribution = await rke()
  await distribution.goBackTo({ state: RUNNING, asked: ASKED }, fakeHosts(hosts), wanted, lease, signal)
  const yml = await read('cluster.yml')
  expect(yml).toContain(`kubernetes_version: ${OLD}`)
  expect(yml).toContain('kubernetes: mine/kubernetes:old')
  expect(yml).toContain('node_drain_input')
  expect(files(hosts[0] as FakeHost).at(-1)).toMatchObject({
    phase: 'done',
    asked: { kubernetesVersion: OLD, clusterDigest: 'of the former rke-config' },
  })
})

test('a machine that was made since is given the images of what it goes back to, and those only', async () => {
  const images = ['v1.31.10', 'v1.32.6'].map((kubernetes) =>
    archiveIn(folder, kubernetes, { kubernetes, names: [`mine/kubernetes:${kubernetes}`] }),
  )
  const hosts = nodes().map((host, at) =>
    host
      .answers('own-api', '\n#### version\n{"gitVersion":"v1.31.10"}\n#### ready\nok\n#### end\n')
      .answers('ask-api', () => apiAnswer(wanted.nodes).replaceAll('v1.32.6', 'v1.31.10'))
      .answers('docker image ls', at === 1 ? '' : 'mine/kubernetes:v1.31.10\n')
      .answers('docker load', ''),
  )
  const distribution = await rke()
  const former = { state: RUNNING, asked: ASKED }
  await distribution.goBackTo(former, fakeHosts(hosts), { ...wanted, images }, lease, signal)
  const loads = hosts.map(({ received }) =>
    received.flatMap((one) => ('command' in one && one.command.startsWith('docker load') ? [one.command] : [])),
  )
  expect(loads).toEqual([[], [`docker load --quiet < ${join(folder, 'v1.31.10.tar')}`], []])
})

test('what is recorded is a way back only to its own version', async () => {
  const distribution = await rke()
  expect(await distribution.formerOf(OLD, fakeHosts(nodes()))).toEqual({ state: RUNNING, asked: ASKED })
  expect(await distribution.formerOf(NEW, fakeHosts(nodes()))).toBeUndefined()
})

test('that an upgrade is under way is written once, and taken away at its end', async () => {
  const distribution = await rke()
  const hosts = nodes()
  await distribution.keepUpgrading(UPGRADING, fakeHosts(hosts), lease)
  expect(hosts.flatMap(written)).toEqual([])
  await distribution.keepUpgrading(undefined, fakeHosts(hosts), lease)
  expect(files(hosts[1] as FakeHost)).toEqual([expect.objectContaining({ generation: 5, phase: 'done', asked: ASKED })])
  expect(files(hosts[1] as FakeHost)[0]).not.toHaveProperty('upgrading')
})

/** Three members of which node-3 is to leave; etcd's list is what was removed from it. */
async function leaving({ isMember = true } = {}) {
  const two = wanted.nodes.slice(0, 2)
  const removed: string[] = []
  let members = isMember ? wanted.nodes : two
  const hosts = nodes().map((host, at) =>
    host
      .answers('ask-etcd', () => etcdAnswer(at, members))
      .answers('member remove', () => {
        members = two
        return ''
      })
      .answers('clean-node', '')
      .answers('ask-api', () => apiAnswer(removed.length > 0 ? two : wanted.nodes)),
  )
  const deleteNode = async ({ name }: { name: string }) => {
    if (removed.includes(name)) throw new ApiException(404, 'no', undefined, {})
    removed.push(name)
  }
  const config = { makeApiClient: () => ({ deleteNode }) } as unknown as KubeConfig
  const openApi = async () => ({ config, kubeconfigFile: '', [Symbol.asyncDispose]: async () => {} })
  await rke()
  const binary = async () => join(folder, 'rke')
  const tools = { binary, keyFiles: async () => ['/run/key'], folder, log: () => {} }
  const work = { tools, hosts: fakeHosts(hosts), wanted: { ...wanted, nodes: two }, openApi, lease, signal }
  await applyUpgrade(change('leave-node', { node: 'node-3' }) as UpgradeChange, work)
  const said = hosts.map((host) => host.received.flatMap((one) => ('command' in one ? [one.command] : [])))
  return { hosts, removed, said }
}

test('a node that is to leave goes by its member id, its Node object after it, and rke no longer knows it', async () => {
  const { hosts, removed, said } = await leaving()
  expect(said.flat().filter((one) => one.includes('member remove'))).toHaveLength(1)
  expect(removed).toEqual(['node-3'])
  expect(said[2]).toContain('sh -s -- clean-node')
  expect(await knownToRke()).toEqual(['node-1', 'node-2'])
  expect(await read('cluster.yml')).not.toContain('node-3')
  const phases = (at: number) => files(hosts[at] as FakeHost).map(({ phase }) => phase)
  expect([phases(0), phases(1), phases(2)]).toEqual([['pending', 'done'], ['pending', 'done'], ['pending']])
  expect(files(hosts[0] as FakeHost).at(-1)?.asked?.clusterDigest).toBe(
    clusterDigest({ ...wanted, nodes: wanted.nodes.slice(0, 2) }, NEW),
  )
})

async function knownToRke(): Promise<(string | undefined)[]> {
  const { currentState } = parseState(await read('given.rkestate'), 'given')
  return (currentState.rkeConfig?.nodes ?? []).map(({ hostnameOverride }) => hostnameOverride)
}

test('one that is no member any more, because a run was killed, leaves nothing of itself behind', async () => {
  const { removed, said } = await leaving({ isMember: false })
  expect(said.flat().filter((one) => one.includes('member remove'))).toEqual([])
  expect(removed).toEqual(['node-3'])
  expect(await knownToRke()).toEqual(['node-1', 'node-2'])
  expect(said[2]).toContain('sh -s -- clean-node')
})

test('who only joins is not watched: it is not well all the while', async () => {
  const stop = new AbortController()
  const hosts = nodes()
  const distribution = await rke('sleep 1')
  const four = wantedOf(4, { config: CONFIG })
  const fourth = fakeHost(four.nodes[3] as (typeof four.nodes)[number])
    .answers('look', '#### stack\n\n#### states\n\n#### ca\n\n#### runs\n\n#### end\n')
    .answers('install -d -m 0700', '')
    .answers('find /var/lib/rancher-ha/rancher', '')
    .answers('echo "$SSH_CONNECTION"', '10.77.0.1 50000 10.77.0.14 22\n')
    .answers('inspect-node', bareAnswer('node-4'))
    .answers('ask-etcd', '#### log\nnothing runs\n#### end\n')
    .answers('docker inspect --format', () => {
      // rke has ended: the proof asks now.
      stop.abort(new Error('seen enough'))
      return ''
    })
    .answers('docker logs', '')
    .answers('own-api', '')
    .forwards('10.77.0.14:22', 40022)
  const join = distribution.applyUpgrade(
    change('upgrade-cluster'),
    fakeHosts([...hosts, fourth]),
    four,
    lease,
    stop.signal,
  )
  await expect(join).rejects.toThrow('aborted')
  const asked = fourth.received.flatMap((one) => ('command' in one ? [one.command] : []))
  expect(asked.filter((one) => one.includes('own-api'))).toEqual([])
})

/** An API server that presents this certificate. */
async function presents({ certificate, privateKey }: { certificate: string; privateKey: string }) {
  const server = createServer({ cert: certificate, key: privateKey })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() }
}

/** What rke leaves when it has made this certificate for the API servers. */
async function rotatedTo(certificate: string): Promise<string> {
  const { desiredState, currentState } = parseState(RUNNING, 'running')
  const entry = { certificatePEM: certificate, keyPEM: '' }
  const certificatesBundle = { ...currentState.certificatesBundle, 'kube-apiserver': entry }
  await writeFile(
    join(folder, 'rotated.json'),
    JSON.stringify({ desiredState, currentState: { ...currentState, certificatesBundle } }),
  )
  return 'cp ../rotated.json cluster.rkestate'
}

const presenting = (port: number) =>
  nodes().map((host) =>
    host
      .answers('ask-api', () => apiAnswer(wanted.nodes).replaceAll('v1.32.6', 'v1.31.10'))
      .forwards(`${host.node.privateAddress}:6443`, port),
  )

test('certificates are made anew by what was recorded, and proven by what each API server presents', async () => {
  const made = makeCertificate('kubernetes', 3650)
  await using server = await presents(made)
  const log: string[] = []
  const hosts = presenting(server.port)
  const distribution = await rke(await rotatedTo(made.certificate), { log: (line) => log.push(line) })
  await distribution.applyUpgrade(change('rotate-certificates'), fakeHosts(hosts), wanted, lease, signal)
  expect(await read('calls')).toMatch(/^cert rotate --config/)
  expect(await read('cluster.yml')).toContain('kubernetes: mine/kubernetes:old')
  expect(log.filter((line) => line.includes('presents a certificate until'))).toHaveLength(3)
  expect(files(hosts[0] as FakeHost)).toMatchObject([{ phase: 'done', asked: ASKED, upgrading: UPGRADING }])
  const kept = parseState(written(hosts[0] as FakeHost)[0]?.content ?? '', 'kept')
  expect(kept.currentState.certificatesBundle?.['kube-apiserver']?.certificatePEM).toBe(made.certificate)
})

test('an API server that still presents the former certificate is named', async () => {
  await using server = await presents(makeCertificate('kubernetes', 7))
  const made = makeCertificate('kubernetes', 3650)
  const distribution = await rke(await rotatedTo(made.certificate))
  const hosts = presenting(server.port)
  const rotate = distribution.applyUpgrade(change('rotate-certificates'), fakeHosts(hosts), wanted, lease, signal)
  await expect(rotate).rejects.toMatchObject({
    kind: 'kubernetes',
    message: expect.stringContaining('node-1: its API server still presents'),
  })
  expect(files(hosts[0] as FakeHost)).toMatchObject([{ phase: 'done' }])
})

/** Brings the images of the next version to a node. */
const brings =
  (images: string[] | undefined, given: Partial<WantedCluster> = {}, minted = NEW_STATE) =>
  async () => {
    const distribution = await rke()
    await writeFile(join(folder, 'new.json'), minted)
    const hosts = fakeHosts(nodes(images).map((host) => host.answers('docker image ls', 'mine/pause:1\n')))
    const on = { ...wanted, ...given }
    await distribution.applyUpgrade(change('upgrade-images', { node: 'node-2' }), hosts, on, lease, signal)
  }
const NEW_STATE = stateOf(NEW, 'mine/kubernetes:new')
const LACKING = ['mine/etcd:1', 'mine/tools:1', 'mine/pause:1']
const bundled = () => ({ images: [imageOf('mine/pause:1')] })
/** Makes the certificates anew while the API servers present what they present. */
const rotates =
  (present: (made: ReturnType<typeof makeCertificate>) => ReturnType<typeof makeCertificate>) => async () => {
    const made = makeCertificate('kubernetes', 3650)
    await using server = await presents(present(made))
    const distribution = await rke(await rotatedTo(made.certificate))
    const hosts = fakeHosts(presenting(server.port))
    await distribution.applyUpgrade(change('rotate-certificates'), hosts, wanted, lease, signal)
  }

tries('kubernetes', [
  [
    'Look whether the node reaches the registry, and whether the registry has the image; then run mode upgrade again.',
    brings(LACKING),
    brings(undefined),
  ],
  [
    'Add these images to the airgap-bundle, then run mode upgrade again.',
    brings(LACKING, bundled()),
    brings(undefined, bundled()),
  ],
  [
    'Restart kube-apiserver on that node, then run mode upgrade again.',
    rotates(() => makeCertificate('kubernetes', 7)),
    rotates((made) => made),
  ],
  [
    'Look at kube-apiserver on that node, then run mode upgrade again.',
    async () => {
      const made = makeCertificate('kubernetes', 3650)
      const closed = await presents(made)
      await closed[Symbol.asyncDispose]()
      const distribution = await rke(await rotatedTo(made.certificate))
      const hosts = fakeHosts(presenting(closed.port))
      await distribution.applyUpgrade(change('rotate-certificates'), hosts, wanted, lease, signal)
    },
    rotates((made) => made),
  ],
])

tries('input', [
  [
    'Set it to the image of …, or leave it out.',
    brings(undefined, {}, stateOf(NEW, 'mine/kubernetes:old')),
    brings(undefined),
  ],
])

tries('ssh', [
  [
    'Make the node answer and run mode upgrade again.',
    async () => {
      const distribution = await rke()
      const hosts = fakeHosts(nodes().slice(0, 1))
      await distribution.applyUpgrade(change('upgrade-images', { node: 'node-2' }), hosts, wanted, lease, signal)
    },
    brings(undefined),
  ],
])
