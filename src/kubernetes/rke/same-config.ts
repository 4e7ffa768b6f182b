import type { Node } from '../../node.ts'
import type { WantedCluster } from '../distribution.ts'
import { type Config, isConfig } from './cluster-yml.ts'

/**
 * Whether an adopted cluster is what is asked for already: the same nodes and version, and every value of the user's
 * configuration as rke recorded it (JSON, camel case, defaults filled in). How changes are made (upgrade_strategy)
 * is no part of what runs, nor are our own defaults: a cluster is not restarted for names in a certificate.
 *
 * @param recorded `currentState.rkeConfig` of a state file
 */
export function isSameConfig(
  wanted: Pick<WantedCluster, 'nodes' | 'config'> & { version: string },
  recorded: Config,
): boolean {
  const { upgrade_strategy: _how, ...config } = wanted.config
  return (
    recorded['kubernetesVersion'] === wanted.version &&
    wantedNodes(wanted.nodes) === recordedNodes(recorded['nodes']) &&
    isWithin(config, recorded)
  )
}

function isWithin(wanted: unknown, recorded: unknown): boolean {
  // rke leaves out what is false, zero or empty.
  if (recorded === undefined || recorded === null) return isEmpty(wanted)
  if (Array.isArray(wanted)) return JSON.stringify(wanted) === JSON.stringify(recorded)
  if (!isConfig(wanted)) return String(wanted) === String(recorded)
  if (!isConfig(recorded)) return false
  return Object.entries(wanted).every(([key, value]) => isWithin(value, recorded[key] ?? recorded[camelCase(key)]))
}

function isEmpty(value: unknown): boolean {
  if (isConfig(value)) return Object.values(value).every(isEmpty)
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

/** rke's JSON names: kube-api → kubeApi, extra_args → extraArgs, s3backupconfig → s3backupconfig. */
function camelCase(key: string): string {
  return key.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function wantedNodes(nodes: Node[]): string {
  return nodes
    .map(({ name, privateAddress }) => `${name} ${privateAddress} controlplane,etcd,worker`)
    .toSorted()
    .join('; ')
}

function recordedNodes(nodes: unknown): string {
  const list = Array.isArray(nodes) ? (nodes as { hostnameOverride?: string; address: string; role?: string[] }[]) : []
  return list
    .map(
      ({ hostnameOverride, address, role }) =>
        `${hostnameOverride ?? address} ${address} ${(role ?? []).toSorted().join()}`,
    )
    .toSorted()
    .join('; ')
}
