import { throwRefusals } from '../errors.ts'
import type { InstallRun, Outcome } from '../run.ts'
import { planDigest } from '../steps.ts'
import { converge } from './converge.ts'
import { throwUnexpected } from './expected-plan.ts'
import { planStack, refuseStack } from './plan-stack.ts'
import { proveStack } from './prove.ts'
import { openStack } from './stack.ts'
import { want } from './want.ts'

/** Brings a stack from whatever stands to what is asked: machines, Kubernetes, Rancher, and the proof of it. */
export async function install(run: InstallRun): Promise<Outcome> {
  const { settings, report } = run
  await using stack = await openStack(run)
  const seen = await report.step('Look at what stands', () => stack.inspect())
  const wanted = await want(run, stack, seen)
  throwRefusals([...(await stack.tools.preflight()), ...refuseStack(stack, seen, wanted, settings)])

  const plan = planStack(stack, seen, wanted, settings)
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }

  if (plan.length > 0) await converge(run, stack, seen, wanted)
  const now = plan.length > 0 ? await stack.inspect() : seen
  await proveStack(run, stack, now, { nodeCount: settings.nodeCount })
  return { changed: plan.length > 0 }
}
