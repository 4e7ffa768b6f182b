import { asStackError, StackError } from '../errors.ts'
import type { Upgrading } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { UpgradeRun } from '../run.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Apply, Change } from '../steps.ts'
import type { Leg } from '../versions/path.ts'
import { type BeforeLeg, lookBefore } from './before-leg.ts'
import { isHalfDone } from './broken-before.ts'
import type { MovingLease } from './moving-lease.ts'
import { pointOfReturn } from './point-of-return.ts'
import { proveInARow } from './prove-in-a-row.ts'
import { replaceNode } from './replace-node.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { UpgradeChange } from './upgrade-step.ts'
import type { WantedUpgrade } from './want-upgrade.ts'
import { whileReplicasStay } from './while-replicas-stay.ts'

/** A leg that did not work out, and what its way back needs to know of the time before it. */
export type Failed = {
  leg: Leg
  error: StackError
  /** By its own change, or by the proof after it. */
  by: 'change' | 'proof'
  before: BeforeLeg
}

type Surroundings = {
  stack: Stack
  snapshots: Snapshots
  lease: MovingLease
  seen: Seen
  wanted: WantedUpgrade
  /** Ids of the sentences that were broken before anything was changed, and may stay so. */
  broken: string[]
}

export type UpgradeWork = {
  apply: Apply
  /** What did not work out; undefined when nothing that changes the stack failed. */
  failed(): Failed | undefined
  /** The point of return, once it is there. */
  upgrading(): Upgrading | undefined
}

/** What each step of the plan does, and which leg it belongs to. */
export function upgradeWork(
  run: UpgradeRun,
  surroundings: Surroundings,
  prove: typeof proveInARow = proveInARow,
): UpgradeWork {
  const { stack, seen, wanted, broken } = surroundings
  const isWhole = broken.length === 0 && !isHalfDone(stack, seen)
  const legs = [...wanted.path.legs]
  let upgrading = stack.distribution.upgrading(seen.cluster)
  let leg: Leg | undefined
  let before: BeforeLeg | undefined
  let failed: Failed | undefined

  // Legs come in the order of the plan, one at a time.
  const begin = async () => {
    leg = legs.shift()
    // What fails before this is known has changed nothing of the leg.
    before = undefined
    before = leg && (await lookBefore(stack, leg, { hostname: wanted.hostname, upgrading }))
  }

  // What begins with a machine has no way back: until the new node is proven, the old one is as it was.
  const changeMachines = async (change: Change, lease: Lease, stop: AbortSignal): Promise<void> => {
    leg = undefined
    await stack.infrastructure.apply(change, lease, stop)
  }

  const act = async (change: UpgradeChange, lease: Lease, stop: AbortSignal): Promise<void> => {
    switch (change.kind) {
      case 'point-of-return':
        upgrading = await pointOfReturn(run, { ...surroundings, isWhole }, lease, stop)
        return
      case 'upgrade-images':
        // A machine that was just made is not connected to yet.
        if (stack.hosts.get(change.node) === undefined) await stack.inspect({ afresh: true })
        return await stack.distribution.applyUpgrade(change, stack.hosts, wanted.cluster, lease, stop)
      case 'rotate-certificates':
      case 'upgrade-cluster':
        await begin()
        return await whileReplicasStay(stack, wanted.hostname, stop, (signal) =>
          stack.distribution.applyUpgrade(change, stack.hosts, wanted.cluster, lease, signal),
        )
      case 'upgrade-cert-manager':
      case 'upgrade-rancher':
        await begin()
        await stack.distribution.loadImages(stack.hosts, wanted.cluster, lease, stop)
        return await stack.rancherAt(wanted.hostname).apply(change, await stack.api(), lease, stop)
      case 'prove-between':
        return await prove(run, stack, broken, stop)
      case 'keep-asked':
        leg = undefined
        return await keepAsked(stack, wanted, lease)
      case 'join-node':
      case 'drain-node':
      case 'leave-node':
      case 'prove-nodes':
      case 'move-lease':
        return await replaceNode(run, change, surroundings, { stop, prove })
      default:
        throw new StackError('bug', `An upgrade has no step ${(change as UpgradeChange).kind}.`)
    }
  }

  return {
    async apply(change, lease, stop) {
      try {
        if (change.room === 'infrastructure') return await changeMachines(change, lease, stop)
        await act(change as UpgradeChange, lease, stop)
      } catch (thrown) {
        const { kind } = change
        const changes = kind !== 'point-of-return' && kind !== 'upgrade-images' && kind !== 'keep-asked'
        if (changes && leg !== undefined && before !== undefined) {
          failed = { leg, error: asStackError(thrown), by: kind === 'prove-between' ? 'proof' : 'change', before }
        }
        throw thrown
      }
    },
    failed: () => failed,
    upgrading: () => upgrading,
  }
}

/** The stack says of itself what runs now, and that no upgrade is under way any more. */
async function keepAsked(stack: Stack, { hostname }: WantedUpgrade, lease: Lease): Promise<void> {
  const { cluster, rancher } = await stack.inspect()
  if (cluster.asked === undefined) throw new StackError('bug', 'The cluster keeps nothing of what was asked of it.')
  await stack.rancherAt(hostname).unguard(await stack.api())
  await stack.distribution.keepUpgrading(undefined, stack.hosts, lease)
  const version = rancher.release?.deployed?.chartVersion
  const kept = version === undefined ? {} : stack.rancherAt(hostname).askedAfterUpgrade(version, cluster.asked)
  await stack.distribution.keepAsked({ ...cluster.asked, ...kept }, stack.hosts, lease)
  await stack.distribution.pruneSnapshots(stack.hosts, lease)
}
