import { StackError } from '../errors.ts'
import type { UpgradeRun } from '../run.ts'
import type { Step } from '../steps.ts'
import type { Leg } from '../versions/path.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'

/** What an upgrade carries out, as it was planned from `seen`; it is planned again under the lease. */
export type UpgradeWay = { stack: Stack; seen: Seen; legs: Leg[]; plan: Step[] }

/**
 * Carries out the steps of an upgrade under the lease, and goes back as little as cures when one does not work out.
 *
 * @returns whether anything was changed
 */
export async function upgradeStack(_run: UpgradeRun, { plan }: UpgradeWay): Promise<boolean> {
  throw new StackError('bug', `Nothing carries out the ${plan.length} steps of an upgrade.`)
}
