import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { clusterDigest, settingsDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { isSaidInFull, upgradeConfig, upgradeStrategy } from '../../../../src/kubernetes/rke/upgrade-config.ts'
import { wantedOf } from './world.ts'

const [OLD, NEW] = ['v1.31.10-rancher1-1', 'v1.32.6-rancher1-1']
const step = { running: OLD, version: NEW }
const asked = (settingsDigest: string | undefined) => ({
  hostname: 'rancher.test',
  kubernetesVersion: OLD,
  clusterDigest: 'of the cluster',
  settingsDigest,
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
  expect(isSaidInFull(wanted, asked('another'))).toBe(true)
  const { config, digests } = upgradeConfig(wanted, step, undefined)
  expect(config).toMatchObject({
    services: { kubelet: {} },
    upgrade_strategy: { drain: false, max_unavailable_worker: '1', node_drain_input: { force: true } },
  })
  expect(digests).toEqual({ clusterDigest: clusterDigest(wanted, NEW), settingsDigest: settingsDigest(wanted) })
})

test('a cluster that was made without rke-config is known in full without it', () => {
  const wanted = wantedOf()
  expect(isSaidInFull(wanted, asked(settingsDigest(wanted)))).toBe(true)
  expect(isSaidInFull(wanted, asked('of some rke-config'))).toBe(false)
  expect(isSaidInFull(wanted, asked(undefined))).toBe(false)
  expect(isSaidInFull(wanted, undefined)).toBe(false)
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
  const settings = settingsDigest(wantedOf(3, { config: recorded }))
  expect(upgradeConfig(wantedOf(), step, { recorded, defaults, settings })).toEqual({
    config: {
      services: { 'kube-api': { extra_args: { v: '2' } }, kubelet: { cluster_domain: 'c.local' } },
      network: { plugin: 'none' },
      system_images: { etcd: 'mine/etcd:3.5' },
      upgrade_strategy: upgradeStrategy(OLD, NEW),
    },
    digests: { clusterDigest: clusterDigest(wantedOf(3, { config: recorded }), NEW), settingsDigest: settings },
  })
})

test('what nobody knows in full stays unknown, so that the next install brings it there', () => {
  const unknown = { clusterDigest: '', settingsDigest: undefined }
  const kept = { recorded: {}, defaults: {}, settings: undefined }
  expect(upgradeConfig(wantedOf(), step, kept).digests).toEqual(unknown)
  const wanted = wantedOf(3, { config: { private_registries: [] } })
  expect(upgradeConfig(wanted, step, { ...kept, settings: 'of some rke-config' }).digests).toEqual(unknown)
})

test('accounts of registries alone change nothing of what runs', () => {
  const registries = { private_registries: [{ url: 'registry.test', user: 'u', password: 'p' }] }
  const wanted = wantedOf(3, { config: registries })
  expect(isSaidInFull(wanted, asked('of some rke-config'))).toBe(false)
  const kept = { recorded: { network: { plugin: 'none' } }, defaults: {}, settings: undefined }
  const { config } = upgradeConfig(wanted, step, kept)
  expect(config).toMatchObject({ network: { plugin: 'none' }, ...registries })
})

test('no image that rke chose for the running version ever stays', () => {
  const images = fc.dictionary(
    fc.constantFrom('kubernetes', 'etcd', 'alpine', 'canal_node'),
    fc.constantFrom('a:1', 'b:1', ''),
  )
  fc.assert(
    fc.property(images, images, (recorded, defaults) => {
      const { config } = upgradeConfig(wantedOf(), step, {
        recorded: { system_images: recorded },
        defaults,
        settings: undefined,
      })
      for (const [key, image] of Object.entries((config['system_images'] ?? {}) as Record<string, string>)) {
        expect(image).toBe(recorded[key])
        expect(image).not.toBe(defaults[key])
      }
    }),
  )
})
