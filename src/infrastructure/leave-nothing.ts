import type { Lease } from '../remote/lease.ts'
import { readySteps } from '../schedule.ts'
import type { Infrastructure } from './infrastructure.ts'

/** Takes away all that is ours of one stack: its plan of destroying, what needs nothing of each other together. */
export async function leaveNothing(infrastructure: Infrastructure, claim: Lease, signal: AbortSignal): Promise<void> {
  const plan = infrastructure.planDestroy(await infrastructure.inspect())
  const done = new Set<string>()
  while (done.size < plan.length) {
    const results = await Promise.allSettled(
      readySteps(plan, done, new Set<string>()).map(async ({ id, change }) => {
        await infrastructure.apply(change, claim, signal)
        done.add(id)
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}
