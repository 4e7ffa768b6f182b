import type { Replacement } from '../infrastructure/infrastructure.ts'
import type { Step } from '../steps.ts'
import { proveStep, type ReplaceChange, upgradeStep } from './upgrade-step.ts'

/** With both nodes there is one more than an odd number, and one more than Rancher has replicas. */
const WITH_BOTH = ['odd-nodes', 'replica-on-each-node']
/** Rancher has moved, etcd has not yet. */
const BEFORE_IT_LEAVES = ['odd-nodes', 'etcd-on-each-node']

/**
 * The new machine is made, joined and proven before the old node is given up; that one is drained, and Rancher whole
 * without it, before it leaves. What stands in one group runs together. A node that was given up already goes, whatever
 * else was done about it: each of these steps may be repeated. Pure.
 *
 * @param version of Kubernetes, which the new node is to run
 */
export function replacementGroups(replacement: Replacement, version: string): Step[][] {
  const { node, by, both, staying, state, make, forward, giveUp, remove } = replacement
  const one = (id: string, title: string, minutes: number, change: ReplaceChange) => [
    upgradeStep(id, title, minutes, change),
  ]
  const proof = (id: string, nodes: string[], open: string[] = []) => [
    proveStep(id, { room: 'modes', kind: 'prove-nodes', nodes, open }),
  ]
  const images = upgradeStep(`images-${by}-for-${node}`, `Bring the images of Kubernetes ${version} to ${by}`, 30, {
    room: 'kubernetes',
    kind: 'upgrade-images',
    node: by,
    version,
  })
  const joining = [
    make,
    [images],
    one(`join-${by}-for-${node}`, `Join ${by} with rke, beside ${node}`, 45, {
      room: 'kubernetes',
      kind: 'join-node',
      node: by,
      nodes: both,
      version,
    }),
    forward,
    proof(`prove-${by}-beside-${node}`, both, WITH_BOTH),
  ]
  const leaving = [
    giveUp,
    one(`drain-${node}`, `Drain ${node}`, 15, { room: 'kubernetes', kind: 'drain-node', node }),
    proof(`prove-${node}-drained`, staying, BEFORE_IT_LEAVES),
    one(`leave-${node}`, `Take ${node} out of etcd and Kubernetes`, 45, {
      room: 'kubernetes',
      kind: 'leave-node',
      node,
      nodes: staying,
      version,
    }),
    one(`move-lease-from-${node}`, `Hold the lease on ${staying.join(', ')} alone`, 5, {
      room: 'modes',
      kind: 'move-lease',
      nodes: staying,
    }),
    remove,
    proof(`prove-without-${node}`, staying),
  ]
  return [...(state === 'given-up' ? [] : joining), ...leaving].filter((group) => group.length > 0)
}
