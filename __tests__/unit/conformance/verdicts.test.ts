import { expect, test } from '@jest/globals'
import type { V1EndpointSlice, V1Ingress, V1Pod, V1Service } from '@kubernetes/client-node'
import { judgeEtcd } from '../../../src/conformance/etcd-on-each-node.ts'
import { judgeRedirect } from '../../../src/conformance/http-redirects.ts'
import { followIngress } from '../../../src/conformance/ingress-path.ts'
import { judgeKubernetes } from '../../../src/conformance/kubernetes-ready.ts'
import { judgeName } from '../../../src/conformance/name-resolves.ts'
import { judgeNodes, oddNodes } from '../../../src/conformance/odd-nodes.ts'
import type { Verdict } from '../../../src/conformance/probe.ts'
import { judgeAnswers } from '../../../src/conformance/rancher-answers.ts'
import { judgePath, upstreamOf } from '../../../src/conformance/reaches-pod-port.ts'
import { judgeReplicas } from '../../../src/conformance/replica-on-each-node.ts'
import { judgeTls, type Seen } from '../../../src/conformance/tls-at-ingress.ts'
import type { EtcdMember, KubernetesNode } from '../../../src/kubernetes/distribution.ts'

const N = ['node-1', 'node-2', 'node-3']

/** A table of sentences: what is judged, whether it is a yes, and what the evidence says. */
type Case = [string, () => Verdict, boolean, RegExp]
const judged = (_name: string, judge: () => Verdict, ok: boolean, evidence: RegExp) => {
  const verdict = judge()
  expect(verdict.evidence).toMatch(evidence)
  expect(verdict.ok).toBe(ok)
}

const nodes: Case[] = [
  ['three', () => judgeNodes(N, N), true, /^3 nodes: node-1, node-2, node-3$/],
  ['five', () => judgeNodes([...N, 'd', 'e'], [...N, 'd', 'e']), true, /^5 nodes/],
  ['one', () => judgeNodes(['node-1'], ['node-1']), false, /^1 nodes/],
  ['four', () => judgeNodes([...N, 'd'], [...N, 'd']), false, /^4 nodes/],
  ['one gone', () => judgeNodes(['node-1', 'node-2', 'x'], N), false, /missing: node-3; not of this stack: x/],
  ['none', () => judgeNodes([], []), false, /^0 nodes: none$/],
  ['one too few of ours', () => judgeNodes(N, [...N, 'd', 'e']), false, /^3 nodes: [^;]*; missing: d, e$/],
  [
    'others among ours',
    () => judgeNodes([...N, 'y', 'x'], N),
    false,
    /^5 nodes: node-1, node-2, node-3, x, y; not of this stack: y, x$/,
  ],
]
test.each(nodes)('odd nodes: %s', judged)

test('the nodes are those that Kubernetes knows', async () => {
  const cluster = async () => ({ nodes: N.map((name) => ({ name })) })
  const probe = oddNodes({ cluster, expectedNodes: N } as never)
  expect(probe).toMatchObject({ id: 'odd-nodes', sentence: expect.stringContaining('odd number of nodes') })
  expect(await probe.ask(AbortSignal.timeout(1000))).toMatchObject({ ok: true })
})

const member = (node: string, over: Partial<EtcdMember> = {}): EtcdMember => ({
  node,
  healthy: true,
  leader: node === 'node-2',
  revision: 100,
  knows: N,
  problem: undefined,
  ...over,
})
const members = (over: Partial<EtcdMember> = {}) => [member('node-1'), member('node-2'), member('node-3', over)]
const twice = (all: EtcdMember[]) => judgeEtcd(N, all, all)
const dead = { healthy: false, leader: false, revision: undefined, knows: [], problem: 'connection refused' }
const etcd: Case[] = [
  [
    'all well',
    () => twice(members()),
    true,
    /3 of 3 members healthy; node-2 leads; revision 100 .*; 1 more may be lost/,
  ],
  ['one dead', () => twice(members(dead)), false, /2 of 3 .*node-3: connection refused; 0 more may be lost/],
  [
    'two dead',
    () => twice([member('node-1', dead), member('node-2'), member('node-3', dead)]),
    false,
    /the quorum is lost/,
  ],
  ['one never asked', () => twice(members().slice(0, 2)), false, /node-3: no member/],
  [
    'no leader',
    () => twice([member('node-1'), member('node-2', { leader: false }), member('node-3')]),
    false,
    /no leader/,
  ],
  ['two leaders', () => twice(members({ leader: true })), false, /2 leaders: node-2, node-3/],
  ['two clusters', () => twice(members({ knows: ['node-3'] })), false, /different clusters/],
  [
    'a fourth member',
    () => twice(N.map((n) => member(n, { knows: [...N, 'old'] }))),
    false,
    /knows 4 members, 3 expected/,
  ],
  [
    'behind in one reading only',
    () => judgeEtcd(N, members({ revision: 98 }), members({ revision: 100 })),
    true,
    /reached by all/,
  ],
  [
    'behind in both',
    () => judgeEtcd(N, members({ revision: 90 }), members({ revision: 91 })),
    false,
    /node-3 is at revision 91, the head was 100/,
  ],
  ['moving on', () => judgeEtcd(N, members(), members({ revision: 140 })), true, /revision 140/],
]
test.each(etcd)('etcd: %s', judged)

const kubelet = (name: string, over: Partial<KubernetesNode> = {}): KubernetesNode => ({
  name,
  ready: true,
  version: 'v1.32.6',
  apiVersion: 'v1.32.6',
  leaseRenewedAt: new Date('2026-11-23T12:00:00Z'),
  ...over,
})
const three = (over: Partial<KubernetesNode> = {}) => [kubelet('node-1'), kubelet('node-2'), kubelet('node-3', over)]
const WANTED = 'v1.32.6-rancher1-1'
const kubernetes: Case[] = [
  ['all well', () => judgeKubernetes(three(), N, WANTED), true, /3 nodes ready, v1\.32\.6/],
  ['version not said', () => judgeKubernetes(three(), N, undefined), true, /3 nodes ready/],
  [
    'not ready',
    () => judgeKubernetes(three({ ready: false }), N, WANTED),
    false,
    /node-3: not ready \(Lease renewed 2026/,
  ],
  [
    'never a Lease',
    () => judgeKubernetes(three({ ready: false, leaseRenewedAt: undefined }), N, WANTED),
    false,
    /no Lease/,
  ],
  ['missing', () => judgeKubernetes(three().slice(1), N, WANTED), false, /node-1: not in the cluster/],
  [
    'another version',
    () => judgeKubernetes(three({ version: 'v1.31.10' }), N, WANTED),
    false,
    /node-3: runs v1\.31\.10.*expected v1\.32\.6/,
  ],
  ['unequal versions', () => judgeKubernetes(three({ version: 'v1.31.10' }), N, undefined), false, /versions differ/],
]
test.each(kubernetes)('Kubernetes: %s', judged)

const pod = (name: string, node: string, ready = true, ending = false): V1Pod => ({
  metadata: ending ? { name, deletionTimestamp: new Date() } : { name },
  spec: { nodeName: node, containers: [] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const replicas: Case[] = [
  [
    'one each',
    () =>
      judgeReplicas(
        N.map((n) => pod(`r-${n}`, n)),
        N,
      ),
    true,
    /node-1: r-node-1; node-2: r-node-2/,
  ],
  [
    'two on one',
    () =>
      judgeReplicas(
        ['node-1', 'node-1', 'node-2'].map((n) => pod('r', n)),
        N,
      ),
    false,
    /node-3: none ready/,
  ],
  [
    'one not ready',
    () =>
      judgeReplicas(
        N.map((n) => pod('r', n, n !== 'node-2')),
        N,
      ),
    false,
    /node-2: none ready/,
  ],
  [
    'one being ended',
    () =>
      judgeReplicas(
        N.map((n) => pod('r', n, true, n === 'node-2')),
        N,
      ),
    false,
    /node-2: none ready/,
  ],
  ['no node known', () => judgeReplicas([], []), false, /no node/],
]
test.each(replicas)('replicas: %s', judged)

const name: Case[] = [
  ['the balancer', () => judgeName('h', ['10.0.0.1'], ['10.0.0.1']), true, /h is 10\.0\.0\.1/],
  ['one of its addresses', () => judgeName('h', ['10.0.0.1'], ['10.0.0.2', '10.0.0.1']), true, /h is/],
  ['somewhere else', () => judgeName('h', ['10.0.0.9'], ['10.0.0.1']), false, /the load balancer is 10\.0\.0\.1/],
  ['partly somewhere else', () => judgeName('h', ['10.0.0.1', '10.0.0.9'], ['10.0.0.1']), false, /10\.0\.0\.9/],
  ['nowhere', () => judgeName('h', [], ['10.0.0.1']), false, /does not resolve/],
]
test.each(name)('the name is %s', judged)

const to = (status: number, location?: string) => () =>
  judgeRedirect({ status, headers: location ? { location } : {} }, 'h.test')
const redirects: Case[] = [
  ['permanently', to(308, 'https://h.test/'), true, /308 to https:\/\/h\.test\//],
  ['for now', to(302, 'https://h.test/dashboard'), true, /302/],
  ['to HTTP', to(301, 'http://h.test/'), false, /http:/],
  ['to another host', to(301, 'https://other.test/'), false, /other/],
  ['to another port', to(301, 'https://h.test:8443/'), false, /8443/],
  ['not at all', to(200), false, /answers 200/],
  ['to nowhere', to(308), false, /308/],
]
test.each(redirects)('HTTP redirects %s', judged)

const now = new Date('2026-11-23T12:00:00Z')
const presented = {
  fingerprint: 'AA:BB',
  subject: 'CN=h.test',
  validFrom: new Date('2026-11-01'),
  validTo: new Date('2026-12-23T13:00:00Z'),
  fitsName: true,
  distrust: undefined,
}
const seen = (over: Partial<Seen> = {}): Seen => ({
  expected: 'AA:BB',
  served: presented,
  nodes: N.map((node) => ({ name: node, presented })),
  now,
  ...over,
})
const other = { ...presented, fingerprint: 'CC:DD' }
const tls: Case[] = [
  ['as it should be', () => judgeTls(seen()), true, /30 days left, presented by 3 nodes/],
  ['not the ingress one', () => judgeTls(seen({ expected: 'EE' })), false, /not the certificate of the ingress/],
  ['none in the Secret', () => judgeTls(seen({ expected: undefined })), false, /holds no certificate/],
  ['for another name', () => judgeTls(seen({ served: { ...presented, fitsName: false } })), false, /not made out/],
  ['expired', () => judgeTls(seen({ now: new Date('2027-01-01') })), false, /expired 2026-12-23/],
  ['not valid yet', () => judgeTls(seen({ now: new Date('2026-10-01') })), false, /valid only from/],
  [
    'not trusted',
    () => judgeTls(seen({ served: { ...presented, distrust: 'SELF' } })),
    false,
    /not signed by a CA .*SELF/,
  ],
  [
    'ended before a node',
    () => judgeTls(seen({ nodes: [{ name: 'node-1', presented: other }] })),
    false,
    /node-1 presents another/,
  ],
  [
    'not at a node',
    () => judgeTls(seen({ nodes: [{ name: 'node-1', presented: new Error('refused') }] })),
    false,
    /node-1: refused/,
  ],
  [
    'nothing at the balancer',
    () => judgeTls(seen({ served: new Error('refused') })),
    false,
    /through the load balancer: refused/,
  ],
]
test.each(tls)('TLS: %s', judged)

const answers = (status: number, body: string, login: number, token?: string) => () =>
  judgeAnswers({ status, body }, { endpoint: '/login', status: login, token })
const rancher: Case[] = [
  ['as documented', answers(200, 'pong', 401), true, /\/ping answers 200 pong; \/login answers 401/],
  ['no ping', answers(503, 'down', 401), false, /503 down/],
  ['another ping', answers(200, '<html>', 401), false, /<html>/],
  ['a login endpoint that fails', answers(200, 'pong', 500), false, /answers 500/],
  ['anybody may log in', answers(200, 'pong', 201, 'token'), false, /answers 201/],
]
test.each(rancher)('Rancher answers: %s', judged)

const path80 = { ports: [80], addresses: ['10.42.0.5'] }
const refusal = { status: 401, body: '{"type":"error","status":"401"}' }
const paths: Case[] = [
  [
    'Rancher logged it',
    () => judgePath({ answer: refusal, path: path80, seen: { by: 'rancher', pod: 'r', node: 'node-1' } }),
    true,
    /pod r on node-1 logged the path; .*port 80 of 1 pods/,
  ],
  [
    'Rancher logged it, at another port',
    () =>
      judgePath({ answer: refusal, path: { ...path80, ports: [444] }, seen: { by: 'rancher', pod: 'r', node: 'n' } }),
    false,
    /port 444/,
  ],
  [
    'the ingress logged it',
    () => judgePath({ answer: refusal, path: path80, seen: { by: 'ingress', upstream: '10.42.0.5:80' } }),
    true,
    /10\.42\.0\.5:80/,
  ],
  [
    'the ingress logged another port',
    () => judgePath({ answer: refusal, path: path80, seen: { by: 'ingress', upstream: '10.42.0.5:444' } }),
    false,
    /:444/,
  ],
  [
    'by configuration',
    () => judgePath({ answer: refusal, path: path80, seen: undefined }),
    true,
    /Rancher itself answered 401.*by configuration, not by log/,
  ],
  [
    'no pod behind',
    () => judgePath({ answer: refusal, path: { ports: [], addresses: [] }, seen: undefined }),
    false,
    /no pod/,
  ],
  [
    'two ports',
    () => judgePath({ answer: refusal, path: { ...path80, ports: [80, 444] }, seen: undefined }),
    false,
    /80 and 444/,
  ],
  [
    'something else answered',
    () => judgePath({ answer: { status: 404, body: 'default backend - 404' }, path: path80, seen: undefined }),
    false,
    /not Rancher answered 404/,
  ],
]
test.each(paths)('one-time path: %s', judged)

const ingress: V1Ingress = {
  spec: {
    rules: [
      {
        host: 'h.test',
        http: { paths: [{ pathType: 'Prefix', backend: { service: { name: 'rancher', port: { number: 80 } } } }] },
      },
    ],
  },
}
const service: V1Service = {
  metadata: { name: 'rancher' },
  spec: {
    ports: [
      { name: 'http', port: 80 },
      { name: 'https-internal', port: 443 },
    ],
  },
}
const slice = (port: number, ready = true): V1EndpointSlice => ({
  addressType: 'IPv4',
  metadata: { labels: { 'kubernetes.io/service-name': 'rancher' } },
  ports: [
    { name: 'http', port },
    { name: 'https-internal', port: 444 },
  ],
  endpoints: [{ addresses: ['10.42.0.5'], conditions: { ready } }],
})

test('the configured way is followed from the name to the pods', () => {
  expect(followIngress('h.test', [ingress], [service], [slice(80)])).toEqual(path80)
  expect(followIngress('h.test', [ingress], [service], [slice(8080)]).ports).toEqual([8080])
  expect(followIngress('h.test', [ingress], [service], [slice(80, false)]).ports).toEqual([])
  expect(followIngress('other.test', [ingress], [service], [slice(80)]).ports).toEqual([])
  expect(followIngress('h.test', [ingress], [], [slice(80)]).ports).toEqual([])
})

test("the upstream is read from the ingress controller's line with the path", () => {
  const line = (path: string, upstream: string) =>
    `10.0.0.1 - - [23/Nov/2026:12:00:00 +0000] "GET /v3/${path} HTTP/1.1" 401 50 "-" "-" 99 0.002 [cattle-system-rancher-80] [] ${upstream} 50 0.002 401 id`
  const log = [line('another', '10.42.0.6:80'), line('token', '10.42.0.5:80')].join('\n')
  expect(upstreamOf(log, 'token', ['10.42.0.5', '10.42.0.6'])).toBe('10.42.0.5:80')
  expect(upstreamOf(log, 'absent', ['10.42.0.5'])).toBeUndefined()
  expect(upstreamOf(log, 'token', ['10.42.0.50'])).toBeUndefined()
})
