import type { Infrastructure, WantedInfrastructure } from '../../src/infrastructure/infrastructure.ts'
import type { Lease } from '../../src/remote/lease.ts'
import { readySteps } from '../../src/schedule.ts'
import type { Step } from '../../src/steps.ts'

export const noLease: Lease = {
  holder: 'test/1',
  generation: 0,
  lost: new AbortController().signal,
  async [Symbol.asyncDispose]() {},
}

/** Nothing on the stand-in takes as long as this. */
const PATIENCE_MS = 20_000

/** Carries out a plan as a run does: together what can be, awaiting what runs after a failure. */
export async function carryOut(infrastructure: Infrastructure, plan: Step[], signal?: AbortSignal): Promise<void> {
  const done = new Set<string>()
  while (done.size < plan.length) {
    const results = await Promise.allSettled(
      readySteps(plan, done, new Set<string>()).map(async (step) => {
        await infrastructure.apply(step.change, noLease, signal ?? AbortSignal.timeout(PATIENCE_MS))
        done.add(step.id)
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}

/** Install's part of infrastructure. @returns the ids of the steps it took */
export async function runAll(infrastructure: Infrastructure, wanted: WantedInfrastructure): Promise<string[]> {
  const plan = infrastructure.plan(await infrastructure.inspect(), wanted)
  await carryOut(infrastructure, plan)
  await infrastructure.door?.close()
  return plan.map(({ id }) => id)
}

export async function destroyAll(infrastructure: Infrastructure): Promise<string[]> {
  const plan = infrastructure.planDestroy(await infrastructure.inspect())
  await carryOut(infrastructure, plan)
  return plan.map(({ id }) => id)
}
