import { expect, test } from '@jest/globals'
import { clusterFacts } from '../../../../src/kubernetes/rke/inspect.ts'
import { parseNode } from '../../../../src/kubernetes/rke/parse-node.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { gitVersion, parseCertificates } from '../../../../src/kubernetes/rke/told-versions.ts'
import { memberAnswer } from './answers.ts'
import { healthyFacts, memberNode, STATE, wantedOf, withOwn } from './world.ts'

const bundle = parseState(STATE, 'fixture').desiredState.certificatesBundle ?? {}
const pem = (name: string) => bundle[name]?.certificatePEM ?? ''

test('certificates as they lie on a node, with their end; only the key of the token signer is used', () => {
  const files = { 'kube-ca': 'kube-ca', 'kube-node': 'kube-node', 'kube-service-account-token': 'kube-node' }
  const text = Object.entries(files)
    .map(([name, of]) => `@@ ${name}.pem\n${pem(of)}`)
    .join('')
  const found = parseCertificates(`${text}@@ broken.pem\nno certificate\n@@ empty.pem`)
  expect(found.map(({ name, isCa }) => [name, isCa])).toEqual([
    ['kube-ca', true],
    ['kube-node', false],
  ])
  for (const { endsAt } of found) expect(endsAt.getUTCFullYear()).toBeGreaterThan(2030)
})

test('an API server says its version, or nothing that is one', () => {
  expect(gitVersion('{"major":"1","gitVersion":"v1.32.6"}')).toBe('v1.32.6')
  for (const answer of ['', '{}', 'Unauthorized', '{"gitVersion":1}']) expect(gitVersion(answer)).toBeUndefined()
})

test('both stand in the facts of the node and of the cluster', () => {
  const answer = memberAnswer('node-1', wantedOf(), {
    certificates: `@@ kube-node.pem\n${pem('kube-node')}`,
    api: '{"gitVersion":"v1.32.6"}',
  })
  const said = parseNode('node-1', answer)
  expect([said.apiVersion, said.certificates.map(({ name }) => name)]).toEqual(['v1.32.6', ['kube-node']])

  const day = (date: string) => new Date(`${date}T00:00:00Z`)
  const own = withOwn(healthyFacts(wantedOf()), () => ({
    nodes: [
      memberNode(1, wantedOf(), { certificates: [{ name: 'b', endsAt: day('2027-01-02'), isCa: false }] }),
      memberNode(2, wantedOf(), {
        certificates: [{ name: 'a', endsAt: day('2027-01-01'), isCa: true }],
        apiVersion: 'v1.31.10',
      }),
    ],
  })).own as Parameters<typeof clusterFacts>[0]
  const nodes = [{ name: 'node-2', ready: true, version: 'v1.32.6', leaseRenewedAt: undefined }]
  const api = { uid: 'u', nodes, addresses: {}, at: new Date() }
  const facts = clusterFacts(own, [], api, undefined)
  expect(facts.certificates.map(({ node, name }) => `${name} on ${node}`)).toEqual(['a on node-2', 'b on node-1'])
  expect(facts.nodes).toEqual([{ ...nodes[0], apiVersion: 'v1.31.10' }])
})
