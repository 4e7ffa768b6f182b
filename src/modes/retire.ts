import { type Refusal, StackError } from '../errors.ts'
import type { Step } from '../steps.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'

/** The steps that take away the machines of nodes that are too many. Pure. */
export function planRetire({ infrastructure }: Pick<Stack, 'infrastructure'>, seen: Seen): Step[] {
  return infrastructure.planRetire?.(seen.infrastructure) ?? []
}

/**
 * Nodes leave only while every one that stays is a healthy member: a cluster that shrinks around a broken member could lose
 * its quorum with the very next node that leaves.
 *
 * @see etcd FAQ, "Should I add a member before removing an unhealthy member?"
 */
export function refuseRetire({ infrastructure, cluster }: Seen): Refusal[] {
  const { nodes, surplus = [] } = infrastructure
  if (surplus.length === 0 || cluster.state !== 'running') return []
  const broken = nodes.filter(({ name }) => !surplus.includes(name) && !isHealthy(name, cluster))
  if (broken.length === 0) return []
  const names = broken.map(({ name }) => name).join(', ')
  return [
    {
      kind: 'preflight',
      subject: 'node-count',
      what: `${surplus.join(', ')} can leave only while all others are healthy members of etcd; not well: ${names}.`,
      next: `Run install with node-count ${nodes.length | 1} first: it mends them. Then run this again.`,
    },
  ]
}

/** @throws StackError of kind `kubernetes` while a node that is too many is still part of the cluster */
export function throwStillIn({ infrastructure, cluster }: Seen): void {
  const { surplus = [] } = infrastructure
  const left = surplus.filter(
    (name) => cluster.etcd.some(({ node }) => node === name) || cluster.nodes.some((node) => node.name === name),
  )
  if (left.length === 0) return
  throw new StackError('kubernetes', `${left.join(', ')} did not leave the cluster.`, {
    stands: 'Their machines stand.',
    next: 'Run the same again: it goes on from what stands.',
  })
}

function isHealthy(name: string, { etcd }: Seen['cluster']): boolean {
  return etcd.some(({ node, healthy }) => node === name && healthy)
}
