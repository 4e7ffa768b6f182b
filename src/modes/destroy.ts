import { type Refusal, throwRefusals } from '../errors.ts'
import { quorum } from '../quorum.ts'
import type { DestroyRun, Outcome } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { DestroySettings } from '../settings.ts'
import { planDigest, type Step } from '../steps.ts'
import { throwUnexpected } from './expected-plan.ts'
import type { Seen } from './seen.ts'
import { openStack, type Stack } from './stack.ts'

/** Takes away everything of ours, and nothing else. */
export async function destroy(run: DestroyRun): Promise<Outcome> {
  const { settings, report, signal, clock } = run
  await using stack = await openStack(run)
  const seen = await report.step('Look at what stands', () => stack.inspect())
  const plan = planDestroy(stack, seen)
  throwRefusals(refuseDestroy(seen, plan, settings))
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun || plan.length === 0) return { changed: false }

  await using claim = await stack.infrastructure.claim(settings.waitForLeaseMs)
  await using held = await holdNodes(stack, seen)
  await runSteps(
    plan,
    async (change, lease, now) => {
      if (change.kind === 'remove-cluster') await stack.distribution.removeFrom(stack.hosts, held ?? lease)
      else await stack.infrastructure.apply(change, lease, now)
    },
    { lease: claim, report, signal, clock },
  )
  return { changed: true }
}

/** Machines that are ours go as they are; from machines that are not, what we put on them is taken off. */
export function planDestroy(
  { infrastructure }: Pick<Stack, 'infrastructure'>,
  { infrastructure: facts, cluster }: Seen,
): Step[] {
  const steps = infrastructure.planDestroy(facts)
  if (infrastructure.provider !== 'hosts' || cluster.state === 'none') return steps
  const change = { room: 'kubernetes', kind: 'remove-cluster' } as const
  const title = 'Take Kubernetes and our files off the machines'
  return [...steps, { id: 'remove-cluster', title, deadlineMs: 15 * 60_000, needs: [], change }]
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
      next: `Set confirm to ${expected} if everything in it may be lost; this version takes no last snapshot.`,
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
