import type { Refusal } from '../errors.ts'
import type { WantedRestore } from '../kubernetes/distribution.ts'
import type { Place } from '../snapshots/snapshot.ts'
import type { Step } from '../steps.ts'
import { leftOf, planLeft } from './last-snapshot.ts'
import type { Target } from './restore-source.ts'
import { lastingBalancer, type Seen, wantedNodes } from './seen.ts'
import type { Stack } from './stack.ts'
import type { StackCase } from './stack-case.ts'

type Rooms = Pick<Stack, 'infrastructure' | 'distribution'>

const MINUTE_MS = 60_000

/** What of the plan goes together: each part is planned again when the one before it stands. */
export type RestorePlan = { machines: Step[]; save: Step[]; cluster: Step[]; after: Step[] }

export type RestoreWishes = { name: string; places: Place[]; lastSnapshot: boolean; images: WantedRestore['images'] }

/** The whole way back, from what stands. Pure. @param name the strategy, as a person is told it */
export function planRestore(
  rooms: Rooms,
  seen: Seen,
  found: StackCase,
  target: Target,
  { name, places, lastSnapshot, images, stack }: RestoreWishes & { stack: string },
): RestorePlan {
  const { infrastructure, distribution } = rooms
  const { nodeCount, hostname, strategy } = target
  if (strategy.kind === 'nothing')
    return { machines: [], save: [], cluster: [], after: planMemory(rooms, target, seen) }
  const cluster = distribution.planRestore(seen.cluster, wantedRestore(stack, seen, target, images))
  return {
    machines: infrastructure.plan(seen.infrastructure, { nodeCount, hostname }),
    save: planLeft(leftOf(seen, found), { places, keeps: lastSnapshot, saves: strategy.kind === 'survivor' }),
    cluster: cluster.map((one) => (one.id === 'restore-cluster' ? { ...one, title: `${one.title} (${name})` } : one)),
    after: planAfter(rooms, target, seen),
  }
}

export function allSteps({ machines, save, cluster, after }: RestorePlan): Step[] {
  return [...machines, ...save, ...cluster, ...after]
}

/** Machines of `hosts` have nobody but the user to remember them. */
function planMemory({ infrastructure }: Rooms, { clusterUid }: Target, seen: Seen): Step[] {
  const { memory } = seen.infrastructure
  if (infrastructure.provider === 'hosts' || (clusterUid !== undefined && memory.clusterUid === clusterUid)) return []
  return [step('infrastructure', 'remember', 'Remember the cluster outside its nodes', 1)]
}

function planAfter(rooms: Rooms, target: Target, seen: Seen): Step[] {
  const { signerPem } = target
  const { cluster } = seen
  const signer = step('kubernetes', 'keep-signer', 'Write the key the stack signs its snapshots with to every node', 2)
  const rancher = step('rancher', 'prove-rancher', 'Prove that Rancher is ready', 16)
  const prune = step('kubernetes', 'prune-nodes', 'Remove older snapshots of ours from the nodes', 5, [rancher])
  const keepsSigner = signerPem !== undefined || cluster.state !== 'none'
  return [...planMemory(rooms, target, seen), ...(keepsSigner ? [signer] : []), rancher, prune]
}

/** What is asked of the distribution, from what stands and the snapshot. */
export function wantedRestore(
  stack: string,
  { infrastructure }: Seen,
  { source, hostname, nodeCount }: Target,
  images: WantedRestore['images'],
): WantedRestore {
  const nodes = wantedNodes(infrastructure, nodeCount)
  return { stack, hostname, nodes, loadBalancer: lastingBalancer(infrastructure), images, source }
}

/** Everything the facts forbid, all rooms at once; machines that do not run yet are none of it. */
export function refuseRestore({ distribution }: Rooms, seen: Seen, wanted: WantedRestore): Refusal[] {
  const running = new Set(seen.infrastructure.nodes.filter(({ state }) => state === 'running').map(({ name }) => name))
  const nodes = wanted.nodes.filter(({ name }) => running.has(name))
  return [...seen.infrastructure.refusals, ...distribution.refuseRestore(seen.cluster, { ...wanted, nodes })]
}

function step(room: Step['change']['room'], kind: string, title: string, minutes: number, after: Step[] = []): Step {
  return { id: kind, title, deadlineMs: minutes * MINUTE_MS, needs: after.map(({ id }) => id), change: { room, kind } }
}
