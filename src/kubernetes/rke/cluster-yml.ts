import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { Refusal } from '../../errors.ts'
import type { Node } from '../../node.ts'
import type { WantedCluster } from '../distribution.ts'

/** What differs from run to run and is no part of the cluster: how rke gets to the nodes. */
export type Way = {
  bastion: { port: number; user: string }
  keyFile: string
  /** Port of the sshd of a node as the bastion sees it, by node name. */
  ports: Record<string, number>
}

export type Config = Record<string, unknown>

/** Of a node what is part of the cluster: neither its user nor how it is reached. */
type Member = Pick<Node, 'name' | 'privateAddress'>

/** A cluster without the way to its nodes. */
type Made = Omit<WantedCluster, 'nodes'> & { nodes: Member[] }

/** Parts of cluster.yml the user may not set: they are the way rke reaches nodes, or the nodes themselves. */
const OURS = [
  'nodes',
  'bastion_host',
  'ssh_key_path',
  'ssh_cert_path',
  'ssh_agent_auth',
  'cluster_name',
  'kubernetes_version',
]

/** cluster.yml as rke gets it: ours, and the user's merged over it. Credentials of registries may stand in it: a file of mode 0600. */
export function renderClusterYml(wanted: WantedCluster, version: string, way: Way): string {
  return renderConfig(mergeConfig(ourConfig(wanted, version), wanted.config), wanted.nodes, way)
}

/** A whole configuration with this run's way to its nodes. */
export function renderConfig(config: Config, machines: Node[], way: Way): string {
  const users = new Map(machines.map((node) => [node.name, node.user]))
  const nodes = (config['nodes'] as Config[]).map((node) => {
    const name = String(node['hostname_override'])
    return { ...node, user: users.get(name), port: String(way.ports[name] ?? 22), ssh_key_path: way.keyFile }
  })
  const { port, user } = way.bastion
  const bastion = { address: '127.0.0.1', port: String(port), user, ssh_key_path: way.keyFile }
  return stringify({ ...config, nodes, ssh_key_path: way.keyFile, bastion_host: bastion })
}

/**
 * SHA-256 over what the cluster is to be, without the way to it: equal in every run of the same settings, in any order of nodes.
 *
 * @param settings digest of the user's part, for those who keep it as it is and do not know it
 */
export function clusterDigest(wanted: Made, version: string, settings = settingsDigest(wanted)): string {
  return digest([ourConfig(wanted, version), settings])
}

/** SHA-256 over what the user asked of the cluster beside the action's other inputs. */
export function settingsDigest({ config }: Pick<WantedCluster, 'config'>): string {
  return digest(config)
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
}

/** Whether a configuration says how the cluster is to be, and not only whose registries it pulls from. */
export function namesSettings({ config }: Pick<WantedCluster, 'config'>): boolean {
  return Object.keys(config).some((key) => key !== 'private_registries')
}

export function refuseConfig(config: Config): Refusal[] {
  return OURS.filter((key) => key in config).map((key) => ({
    kind: 'input',
    subject: 'rke-config',
    what: `${key} is set by the action and cannot be set here`,
    next: `Remove ${key} from rke-config; nodes, versions and keys have inputs of their own.`,
  }))
}

/** Deep merge, `over` winning; lists and scalars replace. */
export function mergeConfig(base: Config, over: Config): Config {
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key)
    merged.set(key, isConfig(before) && isConfig(value) ? mergeConfig(before, value) : value)
  }
  return Object.fromEntries(merged)
}

function ourConfig({ stack, hostname, loadBalancer, nodes }: Made, version: string): Config {
  return {
    cluster_name: stack,
    kubernetes_version: version,
    nodes: nodesConfig(nodes),
    authentication: {
      strategy: 'x509',
      sans: [...new Set([hostname, ...(loadBalancer === undefined ? [] : [loadBalancer])])],
    },
    services: { etcd: { backup_config: { enabled: true, interval_hours: 12, retention: 6 } } },
    upgrade_strategy: {
      max_unavailable_controlplane: '1',
      max_unavailable_worker: '1',
      drain: false,
      // rke 1.8.5 fills this in only when drain is off, and panics half-way when it is on (cluster/defaults.go).
      node_drain_input: {
        force: false,
        ignore_daemonsets: true,
        delete_local_data: true,
        grace_period: -1,
        timeout: 120,
      },
    },
  }
}

/** The nodes as rke takes them, in the order of their names; the first one is where it begins. */
export function nodesConfig(nodes: Member[]): Config[] {
  return nodes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, privateAddress }) => ({
      address: privateAddress,
      internal_address: privateAddress,
      hostname_override: name,
      role: ['controlplane', 'etcd', 'worker'],
    }))
}

export function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isConfig(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  )
}
