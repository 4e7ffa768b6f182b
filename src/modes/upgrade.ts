import type { Outcome, UpgradeRun } from '../run.ts'
import { planDigest } from '../steps.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { planUpgrade } from './plan-upgrade.ts'
import { openStack } from './stack.ts'
import { upgradeStack } from './upgrade-converge.ts'

/** Takes Kubernetes and Rancher to later versions the way their documentation demands, and back when it does not work out. */
export async function upgrade(run: UpgradeRun): Promise<Outcome> {
  const { settings, report } = run
  await using stack = await openStack(run)
  const seen = await firstLook(run, stack)
  const nodes = seen.infrastructure.nodes.map(({ name }) => name)
  const { places } = settings.snapshots
  const plan = planUpgrade({ legs: [], nodes, places, verify: settings.verify })
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }
  const changed = plan.length > 0 && (await upgradeStack(run, { stack, seen, legs: [], plan }))
  return { changed }
}
