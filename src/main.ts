import { tmpdir } from 'node:os'
import { systemClock } from './clock.ts'
import { keepForPost } from './closers.ts'
import { tellCommand } from './commands.ts'
import { asStackError, type StackError } from './errors.ts'
import { parseInputs } from './inputs.ts'
import { endProcesses, MARKER } from './processes.ts'
import type { DestroyRun, InstallRun, Outcome, Run, StatusRun, SweepRun } from './run.ts'
import { runFolder } from './run-folder.ts'
import type { Settings } from './settings.ts'
import { patienceAfter, stopSignal } from './stop-signal.ts'

/** After the runner's SIGINT there are 7.5 s until SIGTERM; by then what stands must have been told. */
const LAST_WORDS_MS = 5500
/** How long a finished run may take to end by itself: what is open then was not closed by anybody. */
const LINGER_MS = 500

/** Parses the inputs, carries out the mode, and turns whatever happens into outputs, summary and exit code. */
export async function run(): Promise<void> {
  const settings = await parseInputs({
    env: process.env,
    now: new Date(),
    mask: (secret) => tellCommand('add-mask', secret),
    warn: (text) => tellCommand('warning', text),
  })
  await carryOut(settings)
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

async function carryOut(settings: Settings): Promise<void> {
  const [{ createReport }, { openRunner }] = await Promise.all([
    import('./report/create-report.ts'),
    import('./report/runner.ts'),
  ])
  const report = createReport(await openRunner(process.env), systemClock)
  await using folder = await runFolder(process.env['RUNNER_TEMP'])
  const keep = process.env['RUNNER_TEMP'] || tmpdir()
  process.env[MARKER] = folder.path
  keepForPost('processes', folder.path)
  keepForPost('folder', folder.path)
  using stop = stopSignal(settings.deadline, systemClock)
  using patience = patienceAfter(stop.signal, LAST_WORDS_MS, systemClock)

  try {
    const work = dispatch({ settings, report, signal: stop.signal, folder: folder.path, keep, clock: systemClock })
    const outcome = await Promise.race([work, patience.over])
    report.output('changed', String(outcome.changed))
  } catch (thrown) {
    const error = stoppedOr(stop.signal, thrown)
    if (error.kind === 'bug' && error.cause instanceof Error) report.line(error.cause.stack ?? '')
    report.failure(error)
    process.exitCode = 1
  } finally {
    await endProcesses(folder.path, { graceMs: 1000 })
    await report.close()
  }
}

/** Each mode and its SDKs are loaded only when it runs. */
async function dispatch(run: Run): Promise<Outcome> {
  switch (run.settings.mode) {
    case 'install':
      return (await import('./modes/install.ts')).install(run as InstallRun)
    case 'status':
      return (await import('./modes/status.ts')).status(run as StatusRun)
    case 'destroy':
      return (await import('./modes/destroy.ts')).destroy(run as DestroyRun)
    case 'sweep':
      return (await import('./modes/sweep.ts')).sweep(run as SweepRun)
  }
}

/** A stopped run failed because it was stopped, whatever its parts then said of it. */
function stoppedOr(signal: AbortSignal, thrown: unknown): StackError {
  const error = asStackError(thrown)
  if (!signal.aborted) return error
  const reason = asStackError(signal.reason)
  return error.kind === reason.kind ? error : reason
}
