import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { clusterDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { isSaidInFull, upgradeConfig, upgradeStrategy } from '../../../../src/kubernetes/rke/upgrade-config.ts'
import { wantedOf } from './world.ts'

const [OLD, NEW] = ['v1.31.10-rancher1-1', 'v1.32.6-rancher1-1']
const step = { running: OLD, version: NEW }
const asked = (clusterDigest: string) => ({
  hostname: 'rancher.test',
  kubernetesVersion: OLD,
  clusterDigest,
  rancherVersion: undefined,
  helmValues: undefined,
})

test('a minor version drains, and always says how: without that rke panics half-way', () => {
  expect(upgradeStrategy(OLD, NEW)).toMatchObject({
    max_unavailable_controlplane: '1',
    max_unavailable_worker: '1',
    drain: true,
    node_drain_input: { force: true, ignore_daemonsets: true, delete_local_data: true },
  })
})

test('a patch, or another setting, takes no pod away', () => {
  expect(upgradeStrategy('v1.32.5-rancher1-1', NEW)).toMatchObject({ drain: false })
  expect(upgradeStrategy(NEW, NEW)).toMatchObject({ drain: false, node_drain_input: { timeout: 600 } })
})

test('rke-config says all, how the change is made too, and is remembered as install reckons it', () => {
  const wanted = wantedOf(3, { config: { upgrade_strategy: { drain: false }, services: { kubelet: {} } } })
  expect(isSaidInFull(wanted, OLD, asked('another'))).toBe(true)
  const { config, digest } = upgradeConfig(wanted, step, undefined)
  expect(config).toMatchObject({
    services: { kubelet: {} },
    upgrade_strategy: { drain: false, max_unavailable_worker: '1', node_drain_input: { force: true } },
  })
  expect(digest).toBe(clusterDigest(wanted, NEW))
})

test('a cluster that was made without rke-config is known in full without it', () => {
  const wanted = wantedOf()
  expect(isSaidInFull(wanted, OLD, asked(clusterDigest(wanted, OLD)))).toBe(true)
  expect(isSaidInFull(wanted, OLD, asked('of some rke-config'))).toBe(false)
  expect(isSaidInFull(wanted, OLD, undefined)).toBe(false)
  // Made of other nodes than those asked for now.
  const four = asked(clusterDigest(wantedOf(4), OLD))
  expect(isSaidInFull(wanted, OLD, four)).toBe(false)
  expect(isSaidInFull(wanted, OLD, four, wantedOf(4).nodes)).toBe(true)
})

test('without rke-config what runs stays, but for the images of its version and how the last change was made', () => {
  const recorded = {
    services: {
      'kube-api': { image: 'rancher/hyperkube:v1.31.10', extra_args: { v: '2' } },
      kubelet: { image: 'rancher/hyperkube:v1.31.10', infra_container_image: 'pause:3.7', cluster_domain: 'c.local' },
    },
    network: { plugin: 'none' },
    system_images: { kubernetes: 'rancher/hyperkube:v1.31.10', etcd: 'mine/etcd:3.5', alpine: '' },
    upgrade_strategy: { drain: false },
  }
  const defaults = { kubernetes: 'rancher/hyperkube:v1.31.10', etcd: 'rancher/etcd:3.5' }
  expect(upgradeConfig(wantedOf(), step, { recorded, defaults })).toEqual({
    config: {
      services: { 'kube-api': { extra_args: { v: '2' } }, kubelet: { cluster_domain: 'c.local' } },
      network: { plugin: 'none' },
      system_images: { etcd: 'mine/etcd:3.5' },
      upgrade_strategy: upgradeStrategy(OLD, NEW),
    },
    digest: '',
  })
})

test('accounts of registries alone change nothing of what runs', () => {
  const registries = { private_registries: [{ url: 'registry.test', user: 'u', password: 'p' }] }
  const wanted = wantedOf(3, { config: registries })
  expect(isSaidInFull(wanted, OLD, asked('of some rke-config'))).toBe(false)
  const { config } = upgradeConfig(wanted, step, { recorded: { network: { plugin: 'none' } }, defaults: {} })
  expect(config).toMatchObject({ network: { plugin: 'none' }, ...registries })
})

test('no image that rke chose for the running version ever stays', () => {
  const images = fc.dictionary(
    fc.constantFrom('kubernetes', 'etcd', 'alpine', 'canal_node'),
    fc.constantFrom('a:1', 'b:1', ''),
  )
  fc.assert(
    fc.property(images, images, (recorded, defaults) => {
      const { config } = upgradeConfig(wantedOf(), step, { recorded: { system_images: recorded }, defaults })
      for (const [key, image] of Object.entries((config['system_images'] ?? {}) as Record<string, string>)) {
        expect(image).toBe(recorded[key])
        expect(image).not.toBe(defaults[key])
      }
    }),
  )
})
