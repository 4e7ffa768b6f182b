import { asStackError, StackError } from '../errors.ts'
import type { Upgrading } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { UpgradeRun } from '../run.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Apply } from '../steps.ts'
import type { Leg } from '../versions/path.ts'
import { type BeforeLeg, lookBefore } from './before-leg.ts'
import { isHalfDone } from './broken-before.ts'
import type { UpgradeChange } from './plan-upgrade.ts'
import { pointOfReturn } from './point-of-return.ts'
import { proveInARow } from './prove-in-a-row.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

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
export function upgradeWork(run: UpgradeRun, surroundings: Surroundings, prove = proveInARow): UpgradeWork {
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

  const act = async (change: UpgradeChange, lease: Lease, stop: AbortSignal): Promise<void> => {
    switch (change.kind) {
      case 'point-of-return':
        upgrading = await pointOfReturn(run, { ...surroundings, isWhole }, lease, stop)
        return
      case 'upgrade-images':
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
      default:
        throw new StackError('bug', `An upgrade has no step ${(change as UpgradeChange).kind}.`)
    }
  }

  return {
    async apply(change, lease, stop) {
      try {
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

/** What drains nodes takes one replica of Rancher at a time. */
export async function whileReplicasStay(
  stack: Stack,
  hostname: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const reopen = async () => {
    await stack.inspect()
    return await stack.api()
  }
  await stack.rancherAt(hostname).guarded(await stack.api(), reopen, work, signal)
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
