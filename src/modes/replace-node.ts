import { StackError } from '../errors.ts'
import type { WantedCluster } from '../kubernetes/distribution.ts'
import type { UpgradeRun } from '../run.ts'
import type { MovingLease } from './moving-lease.ts'
import type { proveInARow } from './prove-in-a-row.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { ReplaceChange } from './upgrade-step.ts'
import type { WantedUpgrade } from './want-upgrade.ts'
import { whileReplicasStay } from './while-replicas-stay.ts'

type Surroundings = { stack: Stack; lease: MovingLease; wanted: WantedUpgrade; broken: string[] }

type How = { stop: AbortSignal; prove: typeof proveInARow }

/** Carries out one step of a replacement; each may be repeated. */
export async function replaceNode(
  run: UpgradeRun,
  change: ReplaceChange,
  { stack, lease, wanted, broken }: Surroundings,
  { stop, prove }: How,
): Promise<void> {
  const { distribution } = stack
  const quietly = async (cluster: WantedCluster, what: { kind: string; [detail: string]: unknown }) =>
    await whileReplicasStay(stack, wanted.hostname, stop, (signal) =>
      distribution.applyUpgrade({ room: 'kubernetes', ...what }, stack.hosts, cluster, lease, signal),
    )
  switch (change.kind) {
    case 'join-node': {
      const { node, nodes, version } = change
      await quietly(await clusterOf(nodes, stack, wanted), { kind: 'upgrade-cluster', version })
      const host = stack.hosts.get(node)
      if (host !== undefined) await lease.admit(host)
      return
    }
    case 'prove-nodes': {
      const { nodes, open } = change
      // Of machines that came or went the connections are others.
      await stack.inspect({ afresh: true })
      return await prove(run, stack, [...broken.filter(mayStay), ...open], stop, { nodes })
    }
    case 'drain-node':
      return await quietly(wanted.cluster, change)
    case 'leave-node': {
      const { node, nodes, version } = change
      throwNotWell(node, nodes, await stack.inspect())
      return await quietly(await clusterOf(nodes, stack, wanted), { kind: 'leave-node', node, version })
    }
    case 'move-lease':
      return await lease.move(change.nodes)
  }
}

/** Whoever is to take over from a node has to be forwarded to, whatever held before. */
function mayStay(id: string): boolean {
  return !id.startsWith('balancer-forwards')
}

async function clusterOf(names: string[], stack: Stack, { cluster }: WantedUpgrade): Promise<WantedCluster> {
  const { infrastructure } = await stack.inspect()
  return { ...cluster, nodes: infrastructure.nodes.filter(({ name }) => names.includes(name)) }
}

/**
 * A node leaves only while all that stay are healthy members: never are two away.
 *
 * @see etcd FAQ, "Should I add a member before removing an unhealthy member?"
 */
function throwNotWell(node: string, staying: string[], { cluster }: Seen): void {
  const down = staying.filter((name) => !cluster.etcd.some((member) => member.node === name && member.healthy))
  if (down.length === 0) return
  throw new StackError('kubernetes', `${node} cannot leave while ${down.join(', ')} is no healthy member of etcd.`, {
    stands: `${node} is drained, and still a member.`,
    next: 'Look at the node that is named, then run mode upgrade again: it goes on from what stands.',
    retry: true,
  })
}
