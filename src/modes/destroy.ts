import { type Refusal, throwRefusals } from '../errors.ts'
import type { TakenSnapshot } from '../kubernetes/distribution.ts'
import { quorum } from '../quorum.ts'
import type { DestroyRun, Outcome } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { DestroySettings } from '../settings.ts'
import { planDigest, type Step } from '../steps.ts'
import { throwUnexpected } from './expected-plan.ts'
import { keepLeft, leftOf, planLeft, refuseLeft, saveLeft } from './last-snapshot.ts'
import { openSnapshots } from './open-snapshots.ts'
import type { Seen } from './seen.ts'
import { openStack, type Stack } from './stack.ts'
import { caseOf } from './stack-case.ts'

/** Takes away everything of ours, and nothing else. */
export async function destroy(run: DestroyRun): Promise<Outcome> {
  const { settings, report, signal, clock } = run
  await using stack = await openStack(run)
  const seen = await report.step('Look at what stands', () => stack.inspect())
  const left = settings.lastSnapshot ? leftOf(seen, caseOf(seen, stack.distribution)) : undefined
  const plan = planDestroy(
    stack,
    seen,
    planLeft(left, { places: settings.snapshots.places, keeps: true, saves: false }),
  )
  throwRefusals([...refuseUnreached(stack), ...refuseDestroy(seen, plan, settings)])
  const snapshots = await openSnapshots(run, stack)
  if (left !== undefined) {
    throwRefusals([...(await stack.tools.preflight()), ...(await refuseLeft(settings.snapshots, stack, snapshots))])
  }
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun || plan.length === 0) return { changed: false }

  await using claim = await stack.infrastructure.claim(settings.waitForLeaseMs)
  await using held = await holdNodes(stack, seen)
  await run.begin()
  let taken: TakenSnapshot | undefined
  await runSteps(
    plan,
    async (change, claimed, now) => {
      const lease = held ?? claimed
      if (change.kind === 'save-left' && left !== undefined) taken = await saveLeft(left, run, stack, lease, now)
      else if (change.kind === 'keep-left' && taken !== undefined)
        await keepLeft(taken, run, { stack, snapshots, seen, lease }, now)
      else if (change.kind === 'remove-cluster') await stack.distribution.removeFrom(stack.hosts, lease)
      else await stack.infrastructure.apply(change, lease, now)
    },
    { lease: claim, report, signal, clock, lastStart: settings.lastStart },
  )
  held?.forget()
  return { changed: true }
}

/**
 * Machines that are ours go as they are; from machines that are not, what we put on them is taken off. Nothing goes
 * before what is left was saved.
 *
 * @param save the steps that save it; empty when nothing is to be saved
 */
export function planDestroy(
  { infrastructure }: Pick<Stack, 'infrastructure'>,
  { infrastructure: facts, cluster }: Seen,
  save: Step[] = [],
): Step[] {
  const change = { room: 'kubernetes', kind: 'remove-cluster' } as const
  const title = 'Take Kubernetes and our files off the machines'
  const isTheirs = infrastructure.provider === 'hosts' && cluster.state !== 'none'
  const takeOff: Step = { id: 'remove-cluster', title, deadlineMs: 15 * 60_000, needs: [], change }
  const removals = [...infrastructure.planDestroy(facts), ...(isTheirs ? [takeOff] : [])]
  const saved = save.slice(-1).map(({ id }) => id)
  return [...save, ...removals.map((step) => ({ ...step, needs: [...saved, ...step.needs] }))]
}

/** Nothing is known of a machine that does not answer, and least of all that there is nothing of ours on it. */
export function refuseUnreached({ infrastructure, hosts }: Pick<Stack, 'infrastructure' | 'hosts'>): Refusal[] {
  if (infrastructure.provider !== 'hosts') return []
  const next = 'Make the machine answer by SSH, or name it in force-nodes to leave it as it is.'
  return hosts.unreached.map(({ node, why }) => ({
    kind: 'ssh',
    subject: node.name,
    what: `cannot be reached: ${why}`,
    next,
  }))
}

/** A stack that has a cluster goes only by its name: nothing that was in it comes back. */
export function refuseDestroy(seen: Seen, plan: Step[], { confirm, stack }: DestroySettings): Refusal[] {
  const { infrastructure, cluster } = seen
  const lasts = infrastructure.expires === undefined
  const holdsData = cluster.state !== 'none' || infrastructure.memory.clusterUid !== undefined
  const expected = cluster.asked?.hostname ?? infrastructure.memory.hostname ?? stack.name
  if (plan.length === 0 || !lasts || !holdsData || confirm === expected) return infrastructure.refusals
  const got = confirm === undefined ? 'nothing' : `"${confirm}"`
  return [
    ...infrastructure.refusals,
    {
      kind: 'input',
      subject: 'confirm',
      what: `this stack has a cluster: expected ${expected}, got ${got}.`,
      next: `Set confirm to ${expected} if the stack is to go: a last snapshot is kept off the nodes, unless last-snapshot is false.`,
    },
  ]
}

/** Where a majority answers, whoever else holds the stack is waited for or refused; without one, nobody can hold it. */
async function holdNodes(stack: Stack, seen: Seen) {
  const { nodes } = seen.infrastructure
  const answering = stack.hosts.reached.length
  if (seen.cluster.state === 'none' || answering < quorum(nodes.length)) return undefined
  return stack.lease(nodes.map(({ name }) => name))
}
