import { isDeepStrictEqual } from 'node:util'
import { StackError, throwRefusals } from '../errors.ts'
import type { TakenSnapshot } from '../kubernetes/distribution.ts'
import type { Lease, NodeLease } from '../remote/lease.ts'
import type { RestoreRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Apply, Step } from '../steps.ts'
import { firstLook } from './first-look.ts'
import { GIVEN_UP, keepLeft, leftOf, saveLeft } from './last-snapshot.ts'
import { planRestore, type RestorePlan, type RestoreWishes, refuseRestore, wantedRestore } from './plan-restore.ts'
import { savedSource, type Target } from './restore-source.ts'
import { type Seen, wantedNodes } from './seen.ts'
import type { Stack } from './stack.ts'
import { caseOf, type StackCase } from './stack-case.ts'

export type Way = {
  stack: Stack
  snapshots: Snapshots
  seen: Seen
  found: StackCase
  target: Target
  plan: RestorePlan
  wishes: RestoreWishes & { stack: string }
  /** Less than a majority of the recorded nodes answer, and the others are known to be off. */
  isMinority: boolean
}

/**
 * Machines first, then what is left is saved, then the cluster is brought back, then Rancher is waited for: each is
 * planned again under the lease, once what it builds on stands.
 *
 * @returns what stands then
 */
export async function bringBack(run: RestoreRun, way: Way): Promise<Seen> {
  const { stack, plan, isMinority } = way
  const { waitForLeaseMs } = run.settings
  await using guards = new AsyncDisposableStack()
  const members = wantedNodes(way.seen.infrastructure, way.target.nodeCount).map(({ name }) => name)
  let lease: NodeLease | undefined
  if (stack.hosts.reached.length > 0 && canHold(way, members)) {
    lease = guards.use(await stack.lease(members, { allowMinority: isMinority }))
  }
  let { seen } = way
  // As long as a stack remembers no cluster, the claim alone tells `sweep` that somebody works on it.
  const isUnremembered = seen.infrastructure.memory.clusterUid === undefined
  const needsClaim = isUnremembered || (plan.machines.length > 0 && lease === undefined)
  const claim = needsClaim ? guards.use(await stack.infrastructure.claim(waitForLeaseMs)) : undefined
  const guard: Lease | undefined = lease ?? claim
  if (plan.machines.length > 0 && guard !== undefined) {
    await run.begin()
    await act(run, plan.machines, guard, (change, held, stop) => stack.infrastructure.apply(change, held, stop))
    seen = await run.report.step('Look at what stands', () => stack.inspect({ afresh: true }))
  }
  lease ??= guards.use(await stack.lease(members, { allowMinority: isMinority }))
  if (plan.machines.length === 0) await run.begin()
  if (plan.machines.some(({ change }) => change.kind === 'start-node')) seen = await firstLook(run, stack)
  const found = caseOf(seen, stack.distribution, run.settings.clusterUid)
  if (isCured(way, found)) {
    run.report.line('The nodes that were started have their quorum: nothing is restored.')
    return seen
  }

  const target = await save(run, { ...way, seen, found }, lease)
  await restoreCluster(run, { ...way, seen, found, target }, lease)
  const now = await run.report.step('Look at what stands', () => stack.inspect())
  await Promise.all(stack.hosts.reached.map((host) => lease.admit(host)))
  await finish(run, { ...way, seen: now, target }, lease)
  return now
}

/** Before the machines are there the lease needs those that hold its record. */
function canHold({ isMinority, seen, stack }: Way, members: string[]): boolean {
  if (isMinority || stack.distribution.recordedMembers(seen.cluster).length > 0) return true
  return members.every((name) => stack.hosts.get(name) !== undefined)
}

/** Machines that were only stopped may have brought the quorum back, and then nothing needs to be given up. */
function isCured({ found: before, target }: Way, now: StackCase): boolean {
  return target.strategy.kind === 'survivor' && before.kind === 'survivors' && now.kind === 'running'
}

/** @returns the target with the snapshot of the survivors, when that is what is restored */
async function save(run: RestoreRun, way: Way, lease: Lease): Promise<Target> {
  const { stack, snapshots, seen, found, target, plan } = way
  const left = leftOf(seen, found)
  let taken: TakenSnapshot | undefined
  if (plan.save.length === 0 || left === undefined) return target
  const doubt = target.strategy.kind === 'survivor' ? undefined : GIVEN_UP
  await act(run, plan.save, lease, async ({ kind }, held, stop) => {
    if (kind === 'save-left') taken = await saveLeft(left, run, stack, held, stop)
    else if (taken !== undefined) await keepLeft(taken, run, { stack, snapshots, seen, lease: held }, stop, doubt)
  })
  if (target.strategy.kind !== 'survivor' || taken === undefined) return target
  const source = savedSource(taken, target.clusterUid ?? run.settings.clusterUid)
  return { ...target, source, clusterUid: source.clusterUid }
}

async function restoreCluster(run: RestoreRun, way: Way, lease: Lease): Promise<void> {
  const { stack, seen, found, target, wishes } = way
  const wanted = wantedRestore(wishes.stack, seen, target, wishes.images)
  throwRefusals(refuseRestore(stack, seen, wanted))
  const { cluster } = planRestore(stack, seen, found, target, wishes)
  await act(run, cluster, lease, (change, held, stop) =>
    stack.distribution.applyRestore(change, stack.hosts, wanted, held, stop),
  )
}

async function finish(run: RestoreRun, way: Way, lease: Lease): Promise<void> {
  const { stack, seen, target, plan } = way
  throwOtherValues(target, seen)
  await act(run, plan.after, lease, async ({ kind }, held, stop) => {
    switch (kind) {
      case 'remember':
        return await remember(way, held)
      case 'keep-signer':
        return await keepSigner(way, held)
      case 'prove-rancher':
        return await proveRancher(way, held, stop)
      case 'prune-nodes':
        return void (await stack.distribution.pruneSnapshots(stack.hosts, held))
      default:
        throw new StackError('bug', `A restore has no step ${kind}.`)
    }
  })
}

async function remember({ stack, target: { clusterUid, hostname } }: Way, lease: Lease): Promise<void> {
  if (clusterUid === undefined) throw new StackError('bug', 'A cluster was restored whose UID nobody knows.')
  await stack.infrastructure.remember({ clusterUid, hostname }, lease)
}

/** Where a node that is left has the key, it is the stack's; else the snapshot brought it. */
async function keepSigner({ stack: { distribution, hosts }, target }: Way, lease: Lease): Promise<void> {
  const pem = (await distribution.readSigner(hosts)) ?? target.signerPem
  if (pem !== undefined) await distribution.keepSigner(pem, hosts, lease)
}

async function proveRancher({ stack, seen, target }: Way, lease: Lease, signal: AbortSignal): Promise<void> {
  const version = seen.rancher.release?.deployed?.chartVersion ?? target.manifest?.versions.rancher
  if (version === undefined) return
  const change = { room: 'rancher', kind: 'prove-rancher', version } as const
  await stack.rancherAt(target.hostname).apply(change, await stack.api(), lease, signal)
}

/** @throws StackError of kind `snapshot` when Helm's own record is not what the manifest was made with */
function throwOtherValues({ values }: Target, { rancher }: Seen): void {
  const live = rancher.release?.values
  if (values === undefined || live === undefined || isDeepStrictEqual(plain(live), plain(values))) return
  throw new StackError(
    'snapshot',
    'Rancher runs with other Helm values than the snapshot says it was installed with.',
    {
      stands: 'The cluster was restored and runs.',
      next: 'Compare `helm get values rancher -n cattle-system` with what you know; another snapshot may be the right one.',
    },
  )
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

async function act(run: RestoreRun, steps: Step[], lease: Lease, apply: Apply): Promise<void> {
  const { report, signal, clock, settings } = run
  if (steps.length > 0) await runSteps(steps, apply, { lease, report, signal, clock, lastStart: settings.lastStart })
}
