import { throwRefusals } from '../errors.ts'
import type { Outcome, UpgradeRun } from '../run.ts'
import { planDigest } from '../steps.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { openSnapshots } from './open-snapshots.ts'
import { warnings } from './plan-backup.ts'
import { stepsOf } from './plan-upgrade.ts'
import { proveStack } from './prove.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { RKE_ENDED } from './rke-ended.ts'
import { openStack } from './stack.ts'
import { tellDownstream, tellUpgrade } from './tell-upgrade.ts'
import { upgradeStack } from './upgrade-converge.ts'
import { preflight } from './upgrade-preflight.ts'
import { wantUpgrade } from './want-upgrade.ts'

/** Where the run meets the world; tests hand in others. */
const DOORS = { openStack, openSnapshots, proveStack, upgradeStack }

/** Takes Kubernetes and Rancher to later versions the way their documentation demands, and back when it does not work out. */
export async function upgrade(run: UpgradeRun, doors = DOORS): Promise<Outcome> {
  const { settings, report, clock } = run
  report.warning(RKE_ENDED)
  for (const text of warnings(settings)) report.warning(text)
  await using stack = await doors.openStack(run)
  const snapshots = await doors.openSnapshots(run, stack)
  const seen = await firstLook(run, stack)
  const unfit = await stack.tools.preflight()
  report.tools(stack.tools.origins())
  throwRefusals(unfit)
  const wanted = await wantUpgrade(run, stack, seen)
  throwRefusals(refuseUpgrade(stack, seen, wanted, settings, new Date(clock.now())))
  throwRefusals(await preflight(run, stack, snapshots, seen, wanted))

  tellUpgrade(report, wanted, settings)
  tellDownstream(report, seen.rancher)
  const plan = stepsOf(settings, seen, wanted)
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }

  const changed = plan.length > 0 && (await doors.upgradeStack(run, { stack, snapshots, seen, wanted, plan }))
  const now = plan.length > 0 ? await stack.inspect() : seen
  await doors.proveStack(run, stack, now, { nodeCount: now.infrastructure.nodes.length })
  return { changed }
}
