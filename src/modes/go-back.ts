import { asStackError, type StackError } from '../errors.ts'
import type { FetchedSnapshot } from '../kubernetes/distribution.ts'
import type { UpgradeRun } from '../run.ts'
import { writtenSince } from '../snapshots/written-since.ts'
import { lookAround, type Second, secondSnapshot } from './evidence.ts'
import type { GoingBack } from './going-back.ts'
import { tellStack } from './outcome.ts'
import { askStack } from './prove.ts'
import { proveInARow } from './prove-in-a-row.ts'
import { putBack } from './put-back.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import { standsNow, tellVerdict, tellWentWrong, unseen, wentBack, wentNowhere } from './tell-way-back.ts'
import { type Evidence, type Verdict, wayBack } from './way-back.ts'

/** Where the way back meets the world; tests hand in others. */
const DOORS = { askStack, proveInARow, writtenSince }

/**
 * Puts back as little as cures, proves it, and tells what went wrong and what was lost. When a rung does not cure, the
 * next one is asked for.
 *
 * @returns only when nothing is put back and the upgrade is to go on
 * @throws StackError of what did not work out, with what stands now and what comes next
 */
export async function goBack(run: UpgradeRun, going: GoingBack, doors = DOORS): Promise<void> {
  const { report } = run
  const { stack, failed, tried } = going
  await report.step('See what went wrong', () => tellWentWrong(report, stack, failed))
  let lastError: StackError | undefined
  for (;;) {
    const seen = await report
      .step('Look at what stands', () => look(stack))
      .catch((thrown: unknown) => {
        throw unseen(run, going, asStackError(thrown))
      })
    const { verdict, evidence, point } = await judge(run, going, seen, doors)
    tellVerdict(report, verdict, evidence)
    if (verdict.cure === 'go-on') return
    if (verdict.cure === 'nothing') {
      tellStack(report, seen, going.wanted.hostname)
      throw wentNowhere(run, going, { verdict, lastError, stands: standsNow(seen, evidence) })
    }
    tried.push(verdict.cure)
    try {
      await putBack(run, going, { verdict, seen, point })
      await report.step('Prove the recommended architecture, several times in a row', () =>
        doors.proveInARow(run, stack, going.broken, run.signal),
      )
    } catch (thrown) {
      run.signal.throwIfAborted()
      lastError = asStackError(thrown)
      report.line(`This did not cure it: ${lastError.message}`)
      continue
    }
    await stack.distribution.keepUpgrading(undefined, stack.hosts, going.lease)
    tellStack(report, await stack.inspect(), going.wanted.hostname)
    throw wentBack(run, going, verdict)
  }
}

/** A machine that went away holds its connection for a while: what does not answer is connected to anew. */
async function look(stack: Stack): Promise<Seen> {
  try {
    return await stack.inspect()
  } catch (thrown) {
    if (asStackError(thrown).kind !== 'ssh') throw thrown
    return await stack.inspect({ afresh: true })
  }
}

type Judged = { verdict: Verdict; evidence: Evidence; point: FetchedSnapshot | undefined }

/**
 * The verdict. The second snapshot is taken only where the verdict could hang on it: first it is asked for as if nothing
 * had been written and everything were kept. Before data are put back nobody writes through Rancher any more, so that the
 * second snapshot holds, and the report names, all there is to lose.
 */
async function judge(run: UpgradeRun, going: GoingBack, seen: Seen, doors: typeof DOORS): Promise<Judged> {
  const evidence = await run.report.step('Ask what holds now', () => lookAround(run, going, seen, doors.askStack))
  const hoped = wayBack({ ...evidence, written: [], secondKept: true })
  if (hoped.cure === 'restore') return await judgeInQuiet(run, going, seen, evidence, doors)
  if (hoped.cure !== 'roll-back' || evidence.leg !== 'rancher') return { verdict: hoped, evidence, point: undefined }
  const known = await judgeWritten(run, going, seen, evidence, doors)
  return known.verdict.cure === 'restore' ? await judgeInQuiet(run, going, seen, evidence, doors) : known
}

/** Rancher is woken again when nothing is put back after all. */
async function judgeInQuiet(
  run: UpgradeRun,
  going: GoingBack,
  seen: Seen,
  evidence: Evidence,
  doors: typeof DOORS,
): Promise<Judged> {
  const { report, signal } = run
  const { stack, wanted } = going
  const rancher = stack.rancherAt(wanted.hostname)
  const wake = await report.step('End what writes through Rancher', async () =>
    rancher.quiet(await stack.api(), signal).catch((thrown: unknown) => {
      signal.throwIfAborted()
      report.line(`warning: Rancher could not be ended: ${asStackError(thrown).message}`)
      return async () => {}
    }),
  )
  const known = await judgeWritten(run, going, seen, evidence, doors)
  if (known.verdict.cure !== 'restore') await wake()
  return known
}

async function judgeWritten(
  run: UpgradeRun,
  going: GoingBack,
  seen: Seen,
  evidence: Evidence,
  doors: typeof DOORS,
): Promise<Judged> {
  const second: Second = await run.report.step('Take a second snapshot, of what stands now', () =>
    secondSnapshot(run, going, seen, doors.writtenSince),
  )
  const known = { ...evidence, written: second.written, secondKept: second.secondKept }
  return { verdict: wayBack(known), evidence: known, point: second.point }
}
