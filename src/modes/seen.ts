import type { InfrastructureFacts } from '../infrastructure/infrastructure.ts'
import type { ClusterFacts, WantedCluster } from '../kubernetes/distribution.ts'
import type { Node } from '../node.ts'
import { noRancher, type RancherFacts, type WantedRancher } from '../rancher/facts.ts'
import type { InstallSettings } from '../settings.ts'

/** What stands now, room by room. */
export type Seen = { infrastructure: InfrastructureFacts; cluster: ClusterFacts; rancher: RancherFacts }

/** What is asked, room by room, every version exact. Holds secrets: never printed. */
export type Wanted = {
  infrastructure: { nodeCount: number; hostname: string }
  cluster: WantedCluster
  rancher: WantedRancher
}

export { noRancher }

/** Where a machine that is still to be made will be: not known before it is there. */
const NOT_YET = ''

/** The nodes asked for: those that stand and are not too many, and in place of missing ones those that will be made. */
export function wantedNodes(
  { nodes, surplus = [] }: Pick<InfrastructureFacts, 'nodes' | 'surplus'>,
  count: number,
): Node[] {
  const kept = nodes.filter(({ name }) => !surplus.includes(name))
  const names = new Set(nodes.map((node) => node.name))
  const free = Array.from({ length: count }, (_, index) => `node-${index + 1}`).filter((name) => !names.has(name))
  const missing = free.slice(0, Math.max(0, count - kept.length))
  return [...kept, ...missing.map(nodeToCome)].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function nodeToCome(name: string): Node {
  return { name, address: NOT_YET, port: 22, privateAddress: NOT_YET, user: '', state: 'stopped', hostKeys: [] }
}

/** What is asked of Kubernetes, from the settings and what stands below it. */
export function wantedCluster(
  settings: InstallSettings,
  facts: InfrastructureFacts,
  images: WantedCluster['images'],
): WantedCluster {
  return {
    stack: settings.stack.name,
    hostname: settings.hostname,
    nodes: wantedNodes(facts, settings.nodeCount),
    version: settings.kubernetesVersion,
    config: { ...registries(settings), ...settings.rkeConfig },
    loadBalancer: lastingBalancer(facts),
    images,
    givenState: settings.rkeState,
    newCluster: settings.newCluster,
    rememberedUid: settings.clusterUid ?? facts.memory.clusterUid,
  }
}

/** The address of the load balancer, where certificates may name it: one that goes with it would change the cluster. */
export function lastingBalancer({ loadBalancer }: Pick<InfrastructureFacts, 'loadBalancer'>): string | undefined {
  return loadBalancer?.passing ? undefined : loadBalancer?.address
}

/** Credentials for image registries, as cluster.yml takes them; `rke-config` may replace the whole list. */
function registries({ registryCredentials }: InstallSettings): Record<string, unknown> {
  if (registryCredentials.length === 0) return {}
  const list = registryCredentials.map(({ registry, username, password }) => ({
    url: registry,
    user: username,
    password,
  }))
  return { private_registries: list }
}
