import type { Refusal } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { ClusterFacts, WantedRestore } from '../distribution.ts'
import { hasPlane, type NodeFacts, own } from './facts.ts'
import { refuseMachines, unreached } from './refuse.ts'
import { askRoom } from './snapshots-on-node.ts'

/** Everything the facts forbid of a restore on these nodes, at once. */
export function refuseRestore(facts: ClusterFacts, { nodes: wanted, source }: WantedRestore): Refusal[] {
  const names = new Set(wanted.map(({ name }) => name))
  const nodes = own(facts).nodes.filter(({ name }) => names.has(name))
  return [
    ...own(facts)
      .unreached.filter(({ name }) => names.has(name))
      .map(({ name, why }) => unreached(name, why)),
    ...refuseMachines(nodes, isNew),
    ...(source === undefined ? [] : refuseStranger(facts, source.clusterUid)),
  ]
}

/** A machine a restore was begun on has no plane left; its pods, and what they listen on, are ours. */
function isNew(node: NodeFacts): boolean {
  return !hasPlane(node) && node.state === undefined && !node.etcdData
}

/** A cluster that is not the snapshot's would be wiped for it. */
function refuseStranger({ uid }: ClusterFacts, expected: string): Refusal[] {
  if (uid === undefined || uid === expected) return []
  return [
    {
      kind: 'snapshot',
      subject: 'restore-from',
      what: `the snapshot is one of cluster ${expected}, and ${uid} stands on these nodes`,
      next: 'Check that these are the nodes of this stack, and that it is the right snapshot.',
    },
  ]
}

/** Nodes without room for a snapshot: etcd stops when it cannot write. Asks every node that answers. */
export async function refuseRoom(hosts: Hosts): Promise<Refusal[]> {
  const rooms = await Promise.all(hosts.reached.map((host: Host) => askRoom(host)))
  return rooms
    .filter(({ neededBytes, freeBytes }) => freeBytes < neededBytes)
    .map(({ node, neededBytes, freeBytes }) => ({
      kind: 'preflight',
      subject: node,
      what: `expected ${mib(neededBytes)} free for a snapshot, got ${mib(freeBytes)}`,
      next: 'Make room on its disk: a full one stops etcd.',
    }))
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`
}
