import { expect, test } from '@jest/globals'
import { parseApi } from '../../../../src/kubernetes/rke/api-facts.ts'
import { clockOf } from '../../../../src/kubernetes/rke/ask-node.ts'
import { parseEtcd } from '../../../../src/kubernetes/rke/etcd.ts'
import type { RkeFacts } from '../../../../src/kubernetes/rke/facts.ts'
import { clusterFacts, inspectCluster } from '../../../../src/kubernetes/rke/inspect.ts'
import { parseNode } from '../../../../src/kubernetes/rke/parse-node.ts'
import { fromEtcdValue } from '../../../../src/kubernetes/rke/recover-state.ts'
import type { StackFile } from '../../../../src/kubernetes/rke/state.ts'
import { writeState } from '../../../../src/kubernetes/rke/state-store.ts'
import type { Lease } from '../../../../src/remote/lease.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { apiAnswer, bareAnswer, etcdAnswer, memberAnswer, NO_MEMBER } from './answers.ts'
import { bareFacts, bareNode, foundOf, healthyFacts, nodeOf, STATE, wantedOf } from './world.ts'

const wanted = wantedOf()

test('a bare node as it tells itself', () => {
  expect(parseNode('node-1', bareAnswer('node-1'))).toMatchObject({
    hostname: 'node-1',
    arch: 'x86_64',
    os: 'Debian GNU/Linux 12 (bookworm)',
    docker: '20.10.24+dfsg1',
    dockerRights: true,
    freeBytes: 72444336 * 1024,
    listening: [22],
    containers: [],
    etcdData: false,
    ca: undefined,
    state: undefined,
  })
})

test('a member: containers with their start, never for one that did not; the state that its stack.json names', () => {
  const { containers, state, ca } = parseNode('node-1', memberAnswer('node-1', wanted))
  expect(containers.map(({ name, state, startedAt }) => [name, state, startedAt?.getTime()])).toEqual([
    ['kubelet', 'running', Date.parse('2026-11-23T11:00:00.123Z')],
    ['kube-apiserver', 'running', Date.parse('2026-11-23T11:00:00.123Z')],
    ['etcd', 'running', Date.parse('2026-11-23T11:00:00.123Z')],
    ['service-sidekick', 'created', undefined],
  ])
  expect(state).toMatchObject({ where: 'node-1', generation: 3, actualSha256: 'a'.repeat(64), caFingerprint: ca })
})

test('root may use Docker without its group; others may not', () => {
  expect(parseNode('n', bareAnswer('n', { groups: 'root\n0' })).dockerRights).toBe(true)
  expect(parseNode('n', bareAnswer('n', { groups: 'rancher adm\n1000' })).dockerRights).toBe(false)
})

test('an answer that was cut short is an error, not an empty node', () => {
  expect(() => parseNode('node-1', bareAnswer('node-1').replace('#### end', ''))).toThrow(/cut short/)
})

test('a stack.json of a format to come is not guessed at', () => {
  expect(() => parseNode('node-1', bareAnswer('node-1', { stack: '{"format":2}' }))).toThrow(
    /format this version does not know/,
  )
})

/** stack.json as this version leaves it on a node. */
async function stackFile(): Promise<StackFile> {
  const host = fakeHost(nodeOf(1)).answers('install -d', '').answers('find', '')
  const entry = { phase: 'done', asked: undefined, clusterUid: 'uid-1' } as const
  await writeState('rancher', STATE, 3, entry, fakeHosts([host]), {} as Lease)
  const file = host.received.find((one) => 'write' in one && one.write.endsWith('/stack.json'))
  return JSON.parse((file as { content: string }).content) as StackFile
}

const reads = (more: object) => async () => {
  const stack = JSON.stringify({ ...(await stackFile()), ...more })
  expect(parseNode('node-1', memberAnswer('node-1', wanted, { stack })).state?.clusterUid).toBe('uid-1')
}

tries('preflight', [
  // What a later version will have written is told apart by its number; the one that wrote it stands for itself.
  ['Run the version of the action that wrote it, or a newer one.', reads({ format: 2 }), reads({})],
])

test('a clock is told with how far it may be wrong', () => {
  expect(clockOf({ sentMs: 1_000, receivedMs: 1_200, epochMs: 6_100 })).toEqual({ aheadMs: 5_000, uncertainMs: 100 })
})

test('Ready counts only with a Lease renewed lately, by the clock of the node that answered', () => {
  expect(parseApi(apiAnswer(wanted.nodes)).nodes.map(({ ready }) => ready)).toEqual([true, true, true])
  const stale = apiAnswer(wanted.nodes).replace(
    /#### time\n\d+/,
    `#### time\n${BigInt(Date.now() + 90_000) * 1_000_000n}`,
  )
  expect(parseApi(stale).nodes.map(({ ready }) => ready)).toEqual([false, false, false])
})

test('the state is found in a value of etcd, whatever stands around it', () => {
  const text = JSON.stringify(JSON.parse(STATE))
  expect(fromEtcdValue(`k8s\u0000\n\u0001v1Secret {"x":1} ${text}\u001a"}{`)).toBe(text)
  expect(fromEtcdValue('k8s:enc:aescbc:v1:')).toBeUndefined()
  expect(fromEtcdValue('{"desiredState":{"a":"}"')).toBeUndefined()
})

const etcd = wanted.nodes.map((node, at) => parseEtcd(node.name, etcdAnswer(at, wanted.nodes)))
const dead = wanted.nodes.map(({ name }) => parseEtcd(name, '#### log\nelection lost\n#### end\n'))
const api = parseApi(apiAnswer(wanted.nodes))
const members = { ...(healthyFacts(wanted).own as RkeFacts) }
const pending = foundOf('node-1', { phase: 'pending', clusterUid: undefined })
const bare = bareFacts().own as RkeFacts

test.each<[string, Parameters<typeof clusterFacts>, string]>([
  ['nothing anywhere', [bare, [], undefined, undefined], 'none'],
  [
    'a state was written ahead and nothing else happened',
    [{ ...bare, nodes: [bareNode(1, { state: pending }), bareNode(2)] }, [], undefined, pending],
    'unfinished',
  ],
  ['a first rke up died before there was a quorum', [members, dead, undefined, pending], 'unfinished'],
  ['etcd agrees, the API does not answer', [members, etcd, undefined, foundOf('node-1')], 'unfinished'],
  ['etcd agrees and the API answers', [members, etcd, api, foundOf('node-1')], 'running'],
  ['a cluster that was finished, and no member agrees', [members, dead, undefined, foundOf('node-1')], 'quorum-lost'],
  ['data of etcd, no state, and no member agrees', [members, dead, undefined, undefined], 'quorum-lost'],
  [
    'a finished cluster that left its state and nothing else',
    [{ ...bare, nodes: [bareNode(1, { state: foundOf('node-1') })] }, [], undefined, foundOf('node-1')],
    'quorum-lost',
  ],
  [
    'an API server that answers from its cache, and no member agrees',
    [members, dead, api, foundOf('node-1')],
    'quorum-lost',
  ],
])('%s', (_sentence, args, expected) => {
  expect(clusterFacts(...args).state).toBe(expected)
})

function memberHosts(): FakeHost[] {
  return wanted.nodes.map((node) =>
    fakeHost(node)
      .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
      .answers('inspect-node', memberAnswer(node.name, wanted))
      .forwards(`${node.privateAddress}:22`, 9),
  )
}

test('one healthy member is enough to ask the API: another that hangs keeps nobody waiting', async () => {
  const nodes = memberHosts()
  const asked = Promise.withResolvers<void>()
  for (const [at, node] of nodes.entries())
    node
      .answers('ask-etcd', async () => {
        if (at > 0) await asked.promise
        return at > 0 ? NO_MEMBER : etcdAnswer(at, wanted.nodes)
      })
      .answers('ask-api', () => {
        asked.resolve()
        return apiAnswer(wanted.nodes)
      })
  const { state, uid, etcd } = await inspectCluster(fakeHosts(nodes), 'rancher')
  expect({ state, uid, healthy: etcd.map(({ healthy }) => healthy) }).toEqual({
    state: 'running',
    uid: 'uid-1',
    healthy: [true, false, false],
  })
})

test('without a healthy member no API server is asked: it could only be waited for', async () => {
  const nodes = memberHosts()
  for (const node of nodes) node.answers('ask-etcd', NO_MEMBER).answers('ask-api', () => apiAnswer(wanted.nodes))
  expect(await inspectCluster(fakeHosts(nodes), 'rancher')).toMatchObject({ nodes: [] })
  const commands = nodes.flatMap(({ received }) => received.flatMap((one) => ('command' in one ? [one.command] : [])))
  expect(commands.filter((command) => command.includes('ask-api'))).toEqual([])
})
