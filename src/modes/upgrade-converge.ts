import { throwRefusals } from '../errors.ts'
import type { UpgradeRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Step } from '../steps.ts'
import { brokenBefore } from './broken-before.ts'
import { goBack } from './go-back.ts'
import { mendMachines } from './mend-machines.ts'
import { type MovingLease, takeMovingLease } from './moving-lease.ts'
import { stepsOf } from './plan-upgrade.ts'
import { proveInARow } from './prove-in-a-row.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import { upgradeWork } from './upgrade-work.ts'
import { wakeRancher } from './wake-rancher.ts'
import { type WantedUpgrade, wantUpgrade } from './want-upgrade.ts'
import { type EndpointWatch, tellPresence, watchEndpoint } from './watch-endpoint.ts'
import type { Cure } from './way-back.ts'

/** What an upgrade carries out, as it was planned from `seen`; it is planned again under the lease. */
export type UpgradeWay = { stack: Stack; snapshots: Snapshots; seen: Seen; wanted: WantedUpgrade; plan: Step[] }

/** Where a run meets the world that is watched beside the stack; tests hand in others. */
const DOORS = { watchEndpoint, brokenBefore, proveInARow, goBack }

/**
 * Carries out the steps of an upgrade under the lease, and goes back as little as cures when one does not work out.
 *
 * @returns whether anything was changed: another run may have done it all while this one waited for the lease
 * @throws StackError of what did not work out, once the way back is over
 */
export async function upgradeStack(run: UpgradeRun, way: UpgradeWay, doors = DOORS): Promise<boolean> {
  const { stack, wanted } = way
  const members = wanted.cluster.nodes.map(({ name }) => name)
  await using lease = await takeMovingLease(stack, members)
  await run.begin()
  const seen = await wakeRancher(run, way, await mendMachines(run, way, lease))
  const plan = await planAgain(run, stack, seen)
  if (plan.steps.length === 0) return false
  const broken = await doors.brokenBefore(run, stack, seen)
  const client = await stack.rancherAt(wanted.hostname).client(await stack.api())
  await using endpoint = doors.watchEndpoint(client)
  await carryOut(run, { ...way, seen }, { lease, endpoint, broken, plan }, doors)
  tellPresence(run.report, endpoint.seen())
  return true
}

type Planned = { wanted: WantedUpgrade; steps: Step[] }

/** Planned from what stands now, and refused by it. */
async function planAgain(run: UpgradeRun, stack: Stack, seen: Seen): Promise<Planned> {
  const wanted = await wantUpgrade(run, stack, seen)
  throwRefusals(refuseUpgrade(stack, seen, wanted, run.settings, new Date(run.clock.now())))
  return { wanted, steps: stepsOf(run.settings, seen, wanted) }
}

type Circumstances = { lease: MovingLease; endpoint: EndpointWatch; broken: string[]; plan: Planned }

/** The steps; when a leg fails and its cure is to go on, the steps from what stands then, once. */
async function carryOut(
  run: UpgradeRun,
  { stack, snapshots, seen: first }: UpgradeWay,
  { lease, endpoint, broken, plan: planned }: Circumstances,
  doors: typeof DOORS,
): Promise<void> {
  const { report, signal, clock, settings } = run
  const tried: Cure[] = []
  let [seen, plan] = [first, planned]
  for (;;) {
    const { wanted, steps } = plan
    const work = upgradeWork(run, { stack, snapshots, lease, seen, wanted, broken }, doors.proveInARow)
    try {
      return await runSteps(steps, work.apply, { lease, report, signal, clock, lastStart: settings.lastStart })
    } catch (thrown) {
      const failed = work.failed()
      // Who was told to stop, or ran out of time, has broken nothing: the next run goes on.
      if (failed === undefined || signal.aborted || lease.lost.aborted) throw thrown
      const upgrading = work.upgrading()
      await doors.goBack(run, { stack, snapshots, lease, wanted, endpoint, broken, failed, upgrading, tried })
      tried.push('go-on')
      seen = await report.step('Look at what stands', () => stack.inspect())
      plan = await planAgain(run, stack, seen)
    }
  }
}
