import { statfs } from 'node:fs/promises'
import type { Refusal } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { ClusterFacts, WantedRestore } from '../distribution.ts'
import { hasPlane, type NodeFacts, own } from './facts.ts'
import { refuseMachines, unreached } from './refuse.ts'
import { askRoom, type Room } from './snapshots-on-node.ts'

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

/**
 * Machines without room for a snapshot: a node, where etcd stops when it cannot write, or this machine, where the copy
 * that was read is unpacked and sealed. Asks every node that answers.
 *
 * @param folder on this machine, where snapshots are worked on
 */
export async function refuseRoom(hosts: Hosts, folder: string): Promise<Refusal[]> {
  const rooms = await Promise.all(hosts.reached.map((host: Host) => askRoom(host)))
  const { bavail, bsize } = await statfs(folder)
  const here: Room = {
    node: 'this machine',
    neededBytes: Math.max(0, ...rooms.map(({ neededBytes }) => neededBytes)),
    freeBytes: bavail * bsize,
  }
  return [...rooms, here]
    .filter(({ neededBytes, freeBytes }) => freeBytes < neededBytes)
    .map((room) => ({
      kind: 'preflight',
      subject: room.node,
      what: `expected ${mib(room.neededBytes)} free for a snapshot, got ${mib(room.freeBytes)}`,
      next:
        room === here
          ? 'Make room on the disk of its temporary folder (RUNNER_TEMP).'
          : 'Make room on its disk: a full one stops etcd.',
    }))
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`
}
