import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'yaml'
import {
  clusterDigest,
  mergeConfig,
  refuseConfig,
  renderClusterYml,
} from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import { wantedOf } from './world.ts'

const way = { bastion: { port: 40022, user: 'rancher' }, keyFile: '/run/key', ports: { 'node-1': 2222 } }
const rendered = (config: Record<string, unknown> = {}) =>
  parse(renderClusterYml(wantedOf(3, { config, loadBalancer: '10.77.0.1' }), TESTED_VERSION, way))

test('rke is shown nodes by their private addresses, and a bastion on this machine', () => {
  const { nodes, bastion_host } = rendered()
  expect(nodes[0]).toEqual({
    address: '10.77.0.11',
    internal_address: '10.77.0.11',
    hostname_override: 'node-1',
    user: 'rancher',
    port: '2222',
    role: ['controlplane', 'etcd', 'worker'],
    ssh_key_path: '/run/key',
  })
  expect(nodes).toHaveLength(3)
  expect(bastion_host).toEqual({ address: '127.0.0.1', port: '40022', user: 'rancher', ssh_key_path: '/run/key' })
})

test('the API answers to the host name and the load balancer', () => {
  expect(rendered()['authentication'].sans).toEqual(['rancher.test', '10.77.0.1'])
})

test('draining asked for by the user comes with its input, without which rke panics', () => {
  expect(rendered({ upgrade_strategy: { drain: true } })['upgrade_strategy']).toEqual({
    max_unavailable_controlplane: '1',
    max_unavailable_worker: '1',
    drain: true,
    node_drain_input: {
      force: false,
      ignore_daemonsets: true,
      delete_local_data: true,
      grace_period: -1,
      timeout: 120,
    },
  })
})

test("the user's configuration is merged deep; lists replace", () => {
  const base = { a: { b: 1, c: [1, 2] }, d: 'x' }
  expect(mergeConfig(base, { a: { c: [3], e: null }, d: { f: 1 } })).toEqual({
    a: { b: 1, c: [3], e: null },
    d: { f: 1 },
  })
  expect(base).toEqual({ a: { b: 1, c: [1, 2] }, d: 'x' })
})

test('a merged key of an object prototype is a key like any other', () => {
  mergeConfig({}, JSON.parse('{"__proto__":{"polluted":true}}'))
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test.each(['nodes', 'bastion_host', 'ssh_key_path', 'kubernetes_version'])("%s is not the user's to set", (key) => {
  expect(refuseConfig({ [key]: 'x' })).toMatchObject([{ kind: 'input', subject: 'rke-config' }])
  expect(refuseConfig({ network: {} })).toEqual([])
})

test('the digest is of the cluster: no order, no way to the nodes changes it; any setting does', () => {
  const digest = (more: Parameters<typeof wantedOf>[1] = {}) => clusterDigest(wantedOf(3, more), TESTED_VERSION)
  fc.assert(
    fc.property(
      fc.shuffledSubarray(wantedOf().nodes, { minLength: 3 }),
      fc.integer({ min: 1, max: 65535 }),
      (nodes, port) => {
        expect(digest({ nodes: nodes.map((node) => ({ ...node, port, user: 'other' })) })).toBe(digest())
      },
    ),
  )
  expect(digest({ config: { a: { x: 1, y: 2 } } })).toBe(digest({ config: { a: { y: 2, x: 1 } } }))
  expect(digest({ config: { a: 1 } })).not.toBe(digest())
  expect(digest({ hostname: 'other.test' })).not.toBe(digest())
  expect(clusterDigest(wantedOf(5), TESTED_VERSION)).not.toBe(digest())
})
