import { StackError } from '../errors.ts'
import type { Leftover } from '../infrastructure/sweeper.ts'
import type { Lease } from '../remote/lease.ts'
import { formatDuration } from '../report/format.ts'
import type { Outcome, SweepRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import { planDigest, type Step } from '../steps.ts'

/** Takes away what has expired and what killed runs left, of every stack of this owner; a dry run lists it. */
export async function sweep(run: SweepRun): Promise<Outcome> {
  const { settings, report, signal, clock } = run
  const sweeper = await openSweeper(run)
  const { leftovers, left } = await report.step('Look at what stands', () => sweeper.find())
  for (const line of left) report.line(`Left alone: ${line}`)
  const plan = leftovers.map(stepOf)
  report.plan(plan, planDigest(plan))
  if (settings.dryRun || plan.length === 0) return { changed: false }
  // Each stack is claimed on its own while it is taken away.
  const lease = unclaimed(`${settings.run.id}/${settings.run.attempt}`)
  await runSteps(plan, (change, _lease, now) => sweeper.remove(change, now), {
    lease,
    report,
    signal,
    clock,
    lastStart: settings.lastStart,
  })
  return { changed: true }
}

async function openSweeper({ settings, report, hasEnded }: SweepRun) {
  const { provider } = settings
  if (provider.kind === 'local') {
    const { localSweeper } = await import('../infrastructure/local/sweep.ts')
    return localSweeper({ ...settings, provider })
  }
  if (provider.kind === 'hosts') {
    throw new StackError('input', 'provider: expected aws or local with mode sweep, got hosts.')
  }
  const { awsSweeper } = await import('../infrastructure/aws/sweep.ts')
  return awsSweeper({ ...settings, provider }, { log: (line) => report.line(line), isOver: hasEnded })
}

export function stepOf({ what, reason, ageMs, deadlineMs, change }: Leftover): Step {
  const title = `Remove ${what}: ${reason}, ${formatDuration(ageMs)} old`
  return { id: `sweep-${what.replaceAll(/[^a-z0-9]+/gi, '-')}`, title, deadlineMs, needs: [], change }
}

function unclaimed(holder: string): Lease {
  return { holder, generation: 0, lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
}
