import type { Probe } from '../conformance/probe.ts'
import { StackError, throwRefusals } from '../errors.ts'
import type { Outcome, StatusRun } from '../run.ts'
import { firstLook } from './first-look.ts'
import { openSnapshots } from './open-snapshots.ts'
import { proveStack } from './prove.ts'
import type { Seen } from './seen.ts'
import { snapshotAge } from './snapshot-age.ts'
import { openStack, type Stack } from './stack.ts'
import { caseOf, describeCase } from './stack-case.ts'
import { tellCertificates } from './tell-certificates.ts'
import { tellList } from './tell-snapshot.ts'

/** A stopped node must not hold up the answer. */
const ANSWER_MS = 20_000

/** Asks the running stack, once, for each sentence of the recommended architecture; changes nothing. */
export async function status(run: StatusRun): Promise<Outcome> {
  await using stack = await openStack(run)
  const seen = await firstLook(run, stack)
  throwRefusals(seen.infrastructure.refusals)
  const found = caseOf(seen, stack.distribution)
  if (found.kind === 'absent' && seen.infrastructure.nodes.length === 0) throw nothingThere(run)
  const { what, next } = describeCase(found)
  run.report.line(what)
  if (next !== undefined) run.report.next({ text: next })
  if (found.kind === 'all-lost') throw allLost(what, next)
  tellCertificates(run.report, seen, new Date(run.clock.now()))
  const more = await agesOf(run, stack, seen)
  await proveStack(run, stack, seen, { rounds: 1, deadlineMs: ANSWER_MS, more })
  return { changed: false }
}

/** The question how old the newest snapshot may be, if it is asked; what is kept is told with the answer. */
async function agesOf(run: StatusRun, stack: Stack, { cluster, infrastructure }: Seen): Promise<Probe[]> {
  const { settings, report, clock } = run
  if (settings.maxSnapshotAgeMs === undefined) return []
  const snapshots = await openSnapshots(run, stack)
  const list = async (signal: AbortSignal) => {
    const listed = await snapshots.list(signal)
    tellList(report, listed)
    return listed
  }
  const clusterUid = cluster.uid ?? infrastructure.memory.clusterUid
  return [snapshotAge({ list, maxAgeMs: settings.maxSnapshotAgeMs, clusterUid, now: new Date(clock.now()) })]
}

function nothingThere({ settings }: StatusRun): StackError {
  const { name, ownerName } = settings.stack
  return new StackError('preflight', `There is no stack "${name}" of ${ownerName} here.`, {
    stands: 'Nothing of ours stands.',
    next: 'Look whether name and provider are right, or run mode install.',
  })
}

/** No node has anything of the cluster that is remembered: there is nothing to ask. */
function allLost(what: string, next: string | undefined): StackError {
  return new StackError('preflight', what, {
    stands: 'What the stack remembers outside its nodes stands.',
    ...(next !== undefined && { next }),
  })
}
