import { throwRefusals } from '../errors.ts'
import type { Outcome, RestoreRun } from '../run.ts'
import { planDigest } from '../steps.ts'
import { aim } from './aim.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { leftOf, refuseLeft } from './last-snapshot.ts'
import { openSnapshots } from './open-snapshots.ts'
import { allSteps, planRestore, refuseRestore, wantedRestore } from './plan-restore.ts'
import { proveStack } from './prove.ts'
import { bringBack } from './restore-converge.ts'
import { judgeFence } from './restore-fence.ts'
import { findTarget, refuseIdentity } from './restore-source.ts'
import { chooseStrategy, nameStrategy } from './restore-strategy.ts'
import { type Seen, wantedNodes } from './seen.ts'
import { openStack, type Stack } from './stack.ts'
import { caseOf } from './stack-case.ts'
import { describeRestore, tellRestore } from './tell-restore.ts'
import { imagesFor } from './want.ts'

const NOTHING =
  'Nothing is restored: the cluster has its quorum, and all that was written since a snapshot would be lost. To go back on purpose, name the snapshot with restore-from.'

/** Where the run meets the world; tests hand in others. */
const DOORS = { openStack, openSnapshots, proveStack }

/** Brings a stack back from any loss: from its own survivors, or from a stored snapshot, onto whatever machines there are. */
export async function restore(run: RestoreRun, doors = DOORS): Promise<Outcome> {
  const { settings, report, clock } = run
  await using opened = new AsyncDisposableStack()
  const stack = opened.use(await doors.openStack(run))
  const snapshots = await doors.openSnapshots(run, stack)
  const first = await firstLook(run, stack)
  const found = caseOf(first, stack.distribution, settings.clusterUid)
  const uid = settings.clusterUid ?? first.cluster.uid ?? first.infrastructure.memory.clusterUid
  const strategy = chooseStrategy(found, settings.restoreFrom, uid)
  const fence = fenceOf(run, stack, first)
  throwRefusals([...first.infrastructure.refusals, ...fence.refusals])

  const target = await report.step('Read the snapshot', () =>
    findTarget(strategy, run, { stack, snapshots, seen: first, opened }),
  )
  const seen = strategy.kind === 'nothing' ? first : await aim(run, stack, first, target)
  const images = await imagesFor(stack, target.values ?? (target.source?.asked ?? seen.cluster.asked)?.helmValues)
  const wanted = wantedRestore(settings.stack.name, seen, target, images)
  const left = leftOf(seen, found)
  const saves = left !== undefined && settings.lastSnapshot && strategy.kind !== 'nothing'
  throwRefusals([
    ...(await stack.tools.preflight()),
    ...refuseIdentity(target, seen, settings.clusterUid),
    ...refuseRestore(stack, seen, wanted),
    ...(saves ? await refuseLeft(settings.snapshots, stack, snapshots) : []),
  ])

  const before = target.manifest?.nodes
  const name = nameStrategy(target.strategy, found, {
    nodes: wantedNodes(seen.infrastructure, target.nodeCount),
    before,
  })
  tellRestore(report, describeRestore(name, target, found, seen, new Date(clock.now())))
  const { places } = settings.snapshots
  const wishes = { name, places, lastSnapshot: settings.lastSnapshot, images, stack: settings.stack.name }
  const plan = planRestore(stack, seen, found, target, wishes)
  const digest = planDigest(allSteps(plan))
  report.plan(allSteps(plan), digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (strategy.kind === 'nothing') report.warning(NOTHING)
  if (settings.dryRun) return { changed: false }

  const changes = allSteps(plan).length > 0
  const { isMinority } = fence
  const way = { stack, snapshots, seen, found, target, plan, wishes, isMinority }
  const now = changes ? await bringBack(run, way) : seen
  await doors.proveStack(run, stack, now, { nodeCount: target.nodeCount })
  return { changed: changes }
}

/** Whether those that do not answer are known to be off. */
function fenceOf({ settings: { provider } }: RestoreRun, { distribution, hosts }: Stack, seen: Seen) {
  return judgeFence({
    provider: provider.kind,
    recorded: distribution.recordedMembers(seen.cluster),
    reached: hosts.reached.map(({ node }) => node.name),
    machines: seen.infrastructure.nodes,
    forced: provider.kind === 'hosts' ? forcedNames(provider) : [],
  })
}

/** By name, whichever of name and address was given. */
function forcedNames({ hosts, forceNodes }: Extract<RestoreRun['settings']['provider'], { kind: 'hosts' }>): string[] {
  return hosts
    .filter(({ name, address }) => forceNodes.includes(name) || forceNodes.includes(address))
    .map(({ name }) => name)
}
