import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import type { Config } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { hasOwnBucket, recordedConfig } from '../../../../src/kubernetes/rke/recorded-config.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const recorded = JSON.parse(fixture('recorded-config.json')) as Config
const given = parse(fixture('cluster.yml')) as Config

/** Every value given, by its path; a list is one value. */
function leaves(value: unknown, path: string[] = []): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path.join('|'), value]]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
}

test('what was given to rke is found again, under the names it was given by, in what rke recorded', () => {
  const found = new Map(leaves(recordedConfig(recorded)))
  // rke leaves out what is false.
  const lost = leaves(given).filter(([path, value]) => !found.has(path) && value !== false)
  expect(lost.map(([path]) => path).filter((path) => !path.startsWith('services|etcd|backup_config|s3'))).toEqual([])
  expect(leaves(given).length).toBeGreaterThan(60)
  const changed = leaves(given).filter(([path, value]) => found.has(path) && String(found.get(path)) !== String(value))
  // Lists of objects of Kubernetes come back with the fields rke adds.
  const objects = [
    'private_registries',
    'network|tolerations',
    'ingress|extra_envs',
    'addons_include',
    'authentication|sans',
  ]
  expect(changed.map(([path]) => path).filter((path) => !objects.includes(path))).toEqual([])
})

test('nodes, the way to them and what one call is about are no part of it', () => {
  const keys = Object.keys(
    recordedConfig({ ...recorded, bastionHost: {}, sshKeyPath: '/gone', restore: {}, nodes: [] }),
  )
  for (const key of ['nodes', 'bastion_host', 'ssh_key_path', 'restore', 'cluster_name', 'kubernetes_version'])
    expect(keys).not.toContain(key)
})

test("rke's own bucket is left out, so that it never restores what lies there under the name", () => {
  expect(hasOwnBucket(recorded)).toBe(true)
  const { backup_config } = (recordedConfig(recorded)['services'] as { etcd: { backup_config: Config } }).etcd
  expect(backup_config).toEqual({ enabled: true, interval_hours: 6, retention: 9, safe_timestamp: true, timeout: 300 })
})
