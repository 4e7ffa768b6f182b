import { setTimeout as pause } from 'node:timers/promises'
import { throwRefusals } from '../errors.ts'
import { quorum } from '../quorum.ts'
import type { Lease, NodeLease } from '../remote/lease.ts'
import type { InstallRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Change, Step } from '../steps.ts'
import { firstLook } from './first-look.ts'
import { planCluster, planInfrastructure, planRancher, refuseStack } from './plan-stack.ts'
import { planRetire, throwStillIn } from './retire.ts'
import type { Seen, Wanted } from './seen.ts'
import type { Stack } from './stack.ts'
import { want } from './want.ts'

/** How long nodes that were started may take to be well again by themselves before a cure is planned. */
const SETTLE_MS = 120_000

/**
 * Machines, then Kubernetes on them, then Rancher on it: each room is looked at and planned again once the one below
 * it stands, and under the lease.
 *
 * @returns whether anything was changed: another run may have done it all while this one waited for the lease
 */
export async function converge(run: InstallRun, stack: Stack, first: Seen, asked: Wanted): Promise<boolean> {
  const machines = planInfrastructure(stack, first, asked)
  const members = asked.cluster.nodes.map(({ name }) => name)
  await using guards = new AsyncDisposableStack()
  let lease: NodeLease | undefined
  let changed = false

  if (machines.length > 0 && canHold(first, members)) lease = guards.use(await stack.lease(members))
  const needsClaim = isUnremembered(first) || (machines.length > 0 && lease === undefined)
  const claim = needsClaim ? guards.use(await stack.infrastructure.claim(run.settings.waitForLeaseMs)) : undefined
  const guard = lease ?? claim
  if (machines.length > 0 && guard !== undefined) {
    await run.begin()
    changed = await changeMachines(run, stack, guard)
  }
  const starts = machines.some(({ change }) => change.kind === 'start-node')
  let seen = machines.length > 0 ? await look(run, stack, true) : first
  lease ??= guards.use(await stack.lease(members))
  if (machines.length === 0) await run.begin()

  seen = starts ? await settle(run, stack) : await firstLook(run, stack)
  const cluster = await changeCluster(run, stack, seen, lease)
  const left = await retireNodes(run, stack, cluster.now, { lease, members, guards })
  const rancher = await changeRancher(run, stack, left.now, left.lease)
  return changed || cluster.changed || left.changed || rancher
}

/** As long as a stack remembers no cluster, the claim alone tells `sweep` that somebody works on it. */
function isUnremembered({ infrastructure }: Seen): boolean {
  return infrastructure.memory.clusterUid === undefined
}

/** Whether a majority of the nodes answers, so that the lease can be held on them before machines are changed. */
function canHold({ cluster, infrastructure }: Seen, members: string[]): boolean {
  const running = infrastructure.nodes.filter(({ state }) => state === 'running')
  return cluster.state !== 'none' && running.length >= quorum(members.length)
}

async function look({ report }: InstallRun, stack: Stack, afresh = false): Promise<Seen> {
  return report.step('Look at what stands', () => stack.inspect({ afresh }))
}

/** Planned again now that nobody else changes the machines: another run may have made them meanwhile. */
async function changeMachines(run: InstallRun, stack: Stack, guard: Lease): Promise<boolean> {
  const seen = await stack.inspect()
  const steps = planInfrastructure(stack, seen, await want(run, stack, seen))
  return act(run, steps, guard, (change, lease, signal) => stack.infrastructure.apply(change, lease, signal))
}

/** A node that was made anew gets its vote once it is part of the cluster. */
async function changeCluster(
  run: InstallRun,
  stack: Stack,
  seen: Seen,
  lease: NodeLease,
): Promise<{ now: Seen; changed: boolean }> {
  const wanted = await want(run, stack, seen)
  throwRefusals(refuseStack(stack, seen, wanted, run.settings))
  const steps = planCluster(stack, seen, wanted)
  if (steps.length === 0) return { now: seen, changed: false }
  await act(run, steps, lease, (change, held, signal) =>
    stack.distribution.apply(change, stack.hosts, wanted.cluster, held, signal),
  )
  const now = await look(run, stack)
  await Promise.all(stack.hosts.reached.map((host) => lease.admit(host)))
  return { now, changed: true }
}

/**
 * Machines of nodes that are too many go once they are out of the cluster. The lease is taken anew over the nodes that
 * stay: it would be lost with the others.
 */
async function retireNodes(
  run: InstallRun,
  stack: Stack,
  seen: Seen,
  { lease, members, guards }: { lease: NodeLease; members: string[]; guards: AsyncDisposableStack },
): Promise<{ now: Seen; lease: NodeLease; changed: boolean }> {
  const steps = planRetire(stack, seen)
  if (steps.length === 0) return { now: seen, lease, changed: false }
  throwStillIn(seen)
  await lease[Symbol.asyncDispose]()
  const own = guards.use(await stack.lease(members))
  await act(run, steps, own, (change, held, signal) => stack.infrastructure.apply(change, held, signal))
  return { now: await look(run, stack, true), lease: own, changed: true }
}

async function changeRancher(run: InstallRun, stack: Stack, seen: Seen, lease: Lease): Promise<boolean> {
  const wanted = await want(run, stack, seen)
  throwRefusals(refuseStack(stack, seen, wanted, run.settings))
  const steps = planRancher(stack, seen, wanted, run.settings)
  return act(run, steps, lease, async (change, held, signal) => {
    if (change.kind === 'remember') return await remember(run, stack, seen, held)
    if (change.kind === 'keep-asked') return await keepAsked(run, stack, seen, held)
    await stack.rancher.apply(change, await stack.api(), held, signal)
  })
}

async function remember({ settings }: InstallRun, stack: Stack, { cluster }: Seen, lease: Lease): Promise<void> {
  if (cluster.uid === undefined) return
  await stack.infrastructure.remember({ clusterUid: cluster.uid, hostname: settings.hostname }, lease)
}

/** What was asked of Rancher, by the facts after it was done: the first password is settled by then. */
async function keepAsked(run: InstallRun, stack: Stack, before: Seen, lease: Lease): Promise<void> {
  const seen = { ...before, rancher: await stack.rancher.inspect(await stack.api()) }
  const { rancher } = await want(run, stack, seen)
  if (seen.cluster.asked === undefined) throw new Error('The cluster keeps nothing of what was asked of it.')
  const asked = { ...seen.cluster.asked, ...stack.rancher.asked(seen.rancher, rancher) }
  await stack.distribution.keepAsked(asked, stack.hosts, lease)
}

/** Machines that were started bring their members back by themselves; a cure is for those that do not. */
async function settle(run: InstallRun, stack: Stack): Promise<Seen> {
  const { clock, report, signal } = run
  return report.step('Wait for the started nodes to join again', async () => {
    const end = clock.now() + SETTLE_MS
    for (;;) {
      const seen = await stack.inspect()
      const steps = planCluster(stack, seen, await want(run, stack, seen))
      if (steps.length === 0 || clock.now() > end) return seen
      report.waitingFor(`the cluster to be whole: ${steps.map(({ title }) => title).join('; ')}`)
      await pause(2_000, undefined, { signal })
    }
  })
}

/** @returns whether there was anything to do */
async function act(
  { report, signal, clock, settings }: InstallRun,
  steps: Step[],
  lease: Lease,
  apply: (change: Change, lease: Lease, signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  if (steps.length > 0) await runSteps(steps, apply, { lease, report, signal, clock, lastStart: settings.lastStart })
  return steps.length > 0
}
