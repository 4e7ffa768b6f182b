import { isDeepStrictEqual } from 'node:util'
import type { Refusal } from '../errors.ts'
import type { Asked } from '../kubernetes/distribution.ts'
import type { InstallSettings } from '../settings.ts'
import type { Step } from '../steps.ts'
import { planRetire, refuseRetire } from './retire.ts'
import type { Seen, Wanted } from './seen.ts'
import type { Stack } from './stack.ts'

type Rooms = Pick<Stack, 'infrastructure' | 'distribution' | 'rancher'>

const MINUTE_MS = 60_000

/** The steps of machines, load balancer and name. Pure. */
export function planInfrastructure({ infrastructure }: Rooms, seen: Seen, wanted: Wanted): Step[] {
  return infrastructure.plan(seen.infrastructure, wanted.infrastructure)
}

/**
 * The steps of Kubernetes. Empty while a node is only stopped: it is started first, and then the cluster is
 * looked at again, since a member that comes back needs no cure.
 */
export function planCluster({ distribution }: Rooms, seen: Seen, wanted: Wanted): Step[] {
  const { nodes, surplus = [] } = seen.infrastructure
  if (nodes.some(({ name, state }) => state === 'stopped' && !surplus.includes(name))) return []
  return distribution.plan(seen.cluster, wanted.cluster)
}

/** The steps of Rancher, and of what the stack keeps in mind about itself. */
export function planRancher({ rancher }: Rooms, seen: Seen, wanted: Wanted, settings: InstallSettings): Step[] {
  const steps = rancher.plan(seen.rancher, wanted.rancher, seen.cluster.asked)
  return [
    ...planMemory(seen, settings),
    ...steps,
    ...planAsked(seen, rancher.asked(seen.rancher, wanted.rancher), steps),
  ]
}

/** Machines of `hosts` have nobody but the user to remember them. */
function planMemory({ infrastructure, cluster }: Seen, { provider }: InstallSettings): Step[] {
  if (provider.kind === 'hosts') return []
  if (cluster.uid !== undefined && infrastructure.memory.clusterUid === cluster.uid) return []
  const change = { room: 'infrastructure', kind: 'remember' } as const
  return [{ id: 'remember', title: 'Remember the cluster outside its nodes', deadlineMs: MINUTE_MS, needs: [], change }]
}

function planAsked({ cluster }: Seen, asked: Pick<Asked, 'rancherVersion' | 'helmValues'>, before: Step[]): Step[] {
  const { rancherVersion, helmValues } = cluster.asked ?? { rancherVersion: undefined, helmValues: undefined }
  const plain: unknown = JSON.parse(JSON.stringify(asked))
  if (before.length === 0 && isDeepStrictEqual(JSON.parse(JSON.stringify({ rancherVersion, helmValues })), plain))
    return []
  const change = { room: 'kubernetes', kind: 'keep-asked' } as const
  const needs = before.slice(-1).map(({ id }) => id)
  return [{ id: 'keep-asked', title: 'Keep on every node what was asked', deadlineMs: 2 * MINUTE_MS, needs, change }]
}

/** The whole plan, as a person reads it: one room after the other. */
export function planStack(rooms: Rooms, seen: Seen, wanted: Wanted, settings: InstallSettings): Step[] {
  return [
    ...planInfrastructure(rooms, seen, wanted),
    ...planCluster(rooms, seen, wanted),
    ...planRetire(rooms, seen),
    ...planRancher(rooms, seen, wanted, settings),
  ]
}

/** Everything the facts forbid, all rooms at once. A node that is only stopped is no reason: it will be started. */
export function refuseStack(
  { distribution, rancher }: Rooms,
  seen: Seen,
  wanted: Wanted,
  settings: InstallSettings,
): Refusal[] {
  const running = new Set(seen.infrastructure.nodes.filter(({ state }) => state === 'running').map(({ name }) => name))
  const nodes = wanted.cluster.nodes.filter(({ name }) => running.has(name))
  return [
    ...seen.infrastructure.refusals,
    ...refuseUnsaid(seen, settings),
    ...refuseRetire(seen),
    ...distribution.refuse(seen.cluster, { ...wanted.cluster, nodes }),
    ...rancher.refuse(seen.rancher, wanted.rancher),
  ]
}

/** What a new stack is made of must be said: later runs read it from the stack. */
function refuseUnsaid({ cluster }: Seen, { distribution }: InstallSettings): Refusal[] {
  if (distribution !== undefined || cluster.state !== 'none') return []
  return [
    {
      kind: 'input',
      subject: 'distribution',
      what: 'expected rke for a new stack (mode install), got nothing.',
      next: 'Set distribution to rke.',
    },
  ]
}
