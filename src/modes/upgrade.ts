import { type Refusal, throwRefusals } from '../errors.ts'
import type { Outcome, UpgradeRun } from '../run.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import { planDigest, type Step } from '../steps.ts'
import { compareVersions } from '../versions/version.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { openSnapshots } from './open-snapshots.ts'
import { warnings } from './plan-backup.ts'
import { planUpgrade } from './plan-upgrade.ts'
import { proveStack } from './prove.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'
import { RKE_ENDED } from './rke-ended.ts'
import type { Seen } from './seen.ts'
import { openStack, type Stack } from './stack.ts'
import { tellDownstream, tellUpgrade } from './tell-upgrade.ts'
import { upgradeStack } from './upgrade-converge.ts'
import { type WantedUpgrade, wantUpgrade } from './want-upgrade.ts'

/** Where the run meets the world; tests hand in others. */
const DOORS = { openStack, openSnapshots, proveStack, upgradeStack }

/** Takes Kubernetes and Rancher to later versions the way their documentation demands, and back when it does not work out. */
export async function upgrade(run: UpgradeRun, doors = DOORS): Promise<Outcome> {
  const { settings, report, clock } = run
  report.warning(RKE_ENDED)
  await using stack = await doors.openStack(run)
  const snapshots = await doors.openSnapshots(run, stack)
  const seen = await firstLook(run, stack)
  const unfit = await stack.tools.preflight()
  report.tools(stack.tools.origins())
  throwRefusals(unfit)
  const wanted = await wantUpgrade(run, stack, seen)
  throwRefusals(refuseUpgrade(stack, seen, wanted, settings, new Date(clock.now())))
  throwRefusals(await preflight(run, stack, snapshots, seen, wanted))

  tellUpgrade(report, wanted.path, settings)
  tellDownstream(report, seen.rancher)
  const plan = planned(run, seen, wanted)
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }

  const changed = plan.length > 0 && (await doors.upgradeStack(run, { stack, snapshots, seen, wanted, plan }))
  const now = plan.length > 0 ? await stack.inspect() : seen
  await doors.proveStack(run, stack, now, { nodeCount: now.infrastructure.nodes.length })
  return { changed }
}

/** All that can be known to fail before anything is touched: places, room, programs, the charts with their values. */
async function preflight(
  { settings, signal }: UpgradeRun,
  stack: Stack,
  snapshots: Snapshots,
  seen: Seen,
  { path }: WantedUpgrade,
): Promise<Refusal[]> {
  if (path.legs.length === 0) return []
  const [places, room, charts] = await Promise.all([
    snapshots.preflight({ write: true, remove: false }),
    stack.distribution.refuseSnapshot(stack.hosts),
    tryCharts(stack, seen, path, signal),
    settings.verify === 'restore' ? stack.tools.etcd() : undefined,
  ])
  return [...places, ...room, ...charts]
}

/** Each Rancher of the path, with the values it is to get, on the Kubernetes it is to meet. */
async function tryCharts(
  { rancher }: Stack,
  seen: Seen,
  { legs, running }: WantedUpgrade['path'],
  signal: AbortSignal,
): Promise<Refusal[]> {
  let kubernetes = running.kubernetes ?? ''
  const refusals: Refusal[] = []
  for (const leg of legs) {
    if (leg.kind === 'kubernetes') kubernetes = leg.to
    if (leg.kind === 'rancher') refusals.push(...(await rancher.tryUpgrade(seen.rancher, leg.to, kubernetes, signal)))
  }
  return refusals
}

function planned({ settings }: UpgradeRun, { infrastructure, cluster }: Seen, { path }: WantedUpgrade): Step[] {
  const { asked } = cluster
  const remembered =
    asked?.kubernetesVersion === path.target.kubernetes &&
    compareVersions(asked?.rancherVersion ?? '', path.target.rancher ?? '') === 0
  return planUpgrade({
    legs: path.legs,
    nodes: infrastructure.nodes.map(({ name }) => name),
    places: settings.snapshots.places,
    verify: settings.verify,
    remembered,
  })
}
