import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import { conformance } from '../../../src/conformance/conformance.ts'
import type { ConformanceContext } from '../../../src/conformance/context.ts'
import { prove } from '../../../src/conformance/prove.ts'
import { reachesPodPort } from '../../../src/conformance/reaches-pod-port.ts'
import { tlsAtIngress } from '../../../src/conformance/tls-at-ingress.ts'
import type { ClusterFacts, EtcdMember } from '../../../src/kubernetes/distribution.ts'
import { openClient } from '../../../src/rancher/client.ts'
import { makeCertificate } from '../rancher/certificate.ts'
import { fakeKube } from '../rancher/fake-kube.ts'
import { fakeHost, fakeHosts } from './fake-hosts.ts'

const HOSTNAME = 'rancher.example.test'
const made = makeCertificate(HOSTNAME)
const other = makeCertificate(HOSTNAME)
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve({ certificate, privateKey }: typeof made, seen: string[] = []): Promise<number> {
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(401).end('{"type":"error"}')
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

const secret = {
  kind: 'Secret',
  metadata: { name: 'tls-rancher-ingress', namespace: 'cattle-system' },
  data: { 'tls.crt': Buffer.from(made.certificate).toString('base64') },
} as KubernetesObject

function context(port: number, over: Partial<ConformanceContext> = {}): ConformanceContext {
  const target = { hostname: HOSTNAME, address: '127.0.0.1', ca: made.certificate, ports: { http: port, https: port } }
  return {
    hostname: HOSTNAME,
    expectedNodes: ['node-1'],
    hosts: fakeHosts(fakeHost('node-1', () => '', port)),
    cluster: () => Promise.reject(new Error('no quorum')),
    etcd: () => Promise.reject(new Error('no quorum')),
    kube: async () => fakeKube([secret]),
    client: async () => openClient(target),
    loadBalancer: '127.0.0.1',
    kubernetesVersion: undefined,
    ...over,
  }
}

const signal = AbortSignal.timeout(20_000)

test('the certificate of the ingress, at the balancer and at each node', async () => {
  const verdict = await tlsAtIngress(context(await serve(made))).ask(signal)
  expect(verdict.evidence).toMatch(/CN=rancher\.example\.test.*29 days left, presented by 1 nodes/)
  expect(verdict.ok).toBe(true)
})

test('a node that presents another certificate is found', async () => {
  const hosts = fakeHosts(fakeHost('node-1', () => '', await serve(other)))
  const verdict = await tlsAtIngress(context(await serve(made), { hosts })).ask(signal)
  expect(verdict).toMatchObject({ ok: false, evidence: expect.stringContaining('node-1 presents another certificate') })
})

test('a balancer that ends TLS itself is found', async () => {
  const verdict = await tlsAtIngress(context(await serve(other))).ask(signal)
  expect(verdict).toMatchObject({ ok: false, evidence: expect.stringContaining('not the certificate of the ingress') })
})

test('a node that does not answer is said', async () => {
  const verdict = await tlsAtIngress(context(await serve(made), { hosts: fakeHosts() })).ask(signal)
  expect(verdict).toMatchObject({ ok: false, evidence: expect.stringContaining('node-1: does not answer') })
})

test("the one-time path is looked for in the pods' audit logs", async () => {
  const asked: string[] = []
  const port = await serve(made, asked)
  const pod = {
    kind: 'Pod',
    metadata: { name: 'rancher-a', namespace: 'cattle-system', labels: { app: 'rancher' } },
    spec: { nodeName: 'node-1', containers: [{ name: 'rancher' }, { name: 'rancher-audit-log' }] },
  } as KubernetesObject
  const kube = fakeKube([secret, pod])
  kube.logs = async ({ container }) => (container === 'rancher-audit-log' ? `{"requestURI":"${asked.at(-1)}"}` : '')
  const verdict = await reachesPodPort(context(port, { kube: async () => kube })).ask(signal)
  expect(asked.at(-1)).toMatch(/^\/v3\/rancher-ha-[0-9a-f]{24}$/)
  // No Service leads to it here, which is a no of its own; that the pod logged it is seen.
  expect(verdict).toMatchObject({
    ok: false,
    evidence: expect.stringContaining('pod rancher-a on node-1 logged the path'),
  })
})

test('eleven sentences, each with a row, whatever is broken', async () => {
  const broken = context(1, {
    kube: () => Promise.reject(new Error('the API does not answer')),
    client: () => Promise.reject(new Error('no way to Rancher')),
    resolve: async () => [],
  })
  const started = performance.now()
  const rows = await prove(conformance(broken), { signal, rounds: 1, deadlineMs: 15_000 })
  expect(rows.map(({ id, ok }) => `${id} ${ok}`)).toEqual([
    'odd-nodes false',
    'etcd-on-each-node false',
    'kubernetes-ready false',
    'replica-on-each-node false',
    'name-resolves false',
    'balancer-forwards-80 false',
    'balancer-forwards-443 false',
    'http-redirects false',
    'tls-at-ingress false',
    'reaches-rancher-pod-port-80 false',
    'rancher-answers false',
  ])
  expect(rows.every(({ evidence, sentence }) => evidence !== '' && sentence.endsWith('.'))).toBe(true)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('questions of the same moment share one reading of the cluster', async () => {
  let readings = 0
  const cluster = async () => {
    readings += 1
    throw new Error('no quorum')
  }
  const probes = conformance(context(1, { cluster })).slice(0, 3)
  await prove(probes, { signal, rounds: 1 })
  expect(readings).toBe(1)
  await prove(probes, { signal, rounds: 1 })
  expect(readings).toBe(2)
})

test('the first questions are answered by a reading there is, those after them by one of their own', async () => {
  let readings = 0
  const read = { nodes: [], etcd: [] } as unknown as ClusterFacts
  const cluster = async () => {
    readings += 1
    return read
  }
  const probes = conformance(context(1, { cluster, read })).slice(0, 3)
  await prove(probes, { signal, rounds: 1 })
  expect(readings).toBe(0)
  await prove(probes, { signal, rounds: 1 })
  expect(readings).toBe(1)
})

test('of members that were asked while the head moved only the members are asked again', async () => {
  const member = (revision: number): EtcdMember => ({
    node: 'node-1',
    healthy: true,
    leader: true,
    revision,
    knows: ['node-1'],
    problem: undefined,
  })
  const other = { ...member(9), node: 'node-2', leader: false, knows: [] }
  const read = { nodes: [], etcd: [member(7), { ...member(8), leader: false }] } as unknown as ClusterFacts
  const asked = context(1, { read, etcd: async () => [member(8), other] })
  const [row] = await prove(conformance(asked).slice(1, 2), { signal, rounds: 1 })
  expect(row).toMatchObject({ ok: true, evidence: expect.stringContaining('revision 8 reached by all') })
})
