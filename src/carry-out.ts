import { tmpdir } from 'node:os'
import { systemClock } from './clock.ts'
import { keepForPost } from './closers.ts'
import { asStackError, type StackError } from './errors.ts'
import type { Client } from './github/client.ts'
import { openConversation } from './github/conversation.ts'
import type { Occasion } from './github/occasion.ts'
import { endProcesses, MARKER } from './processes.ts'
import { createReport } from './report/create-report.ts'
import { openRunner } from './report/runner.ts'
import { createVeil } from './report/veil.ts'
import type { BackupRun, DestroyRun, InstallRun, Outcome, RestoreRun, Run, StatusRun, SweepRun } from './run.ts'
import { runFolder } from './run-folder.ts'
import type { Settings, SweepSettings } from './settings.ts'
import { patienceAfter, stopSignal } from './stop-signal.ts'
import { Unwanted } from './unwanted.ts'

/** After the runner's SIGINT there are 7.5 s until SIGTERM; by then what stands must have been told. */
const LAST_WORDS_MS = 5500

/**
 * Carries out the mode, and turns whatever happens into outputs, summary and exit code, and into what is told on GitHub.
 *
 * @param secrets what was masked already, to be hidden also where no runner masks
 */
export async function carryOut(settings: Settings, occasion: Occasion, secrets: string[]): Promise<void> {
  const veil = createVeil()
  for (const secret of secrets) veil.add(secret)
  const report = createReport(await openRunner(process.env), systemClock, veil)
  const conversation = openConversation(settings, {
    occasion,
    clock: systemClock,
    client: () => openGitHub(settings, occasion),
    line: (text) => report.line(text),
    warn: (text) => report.warning(text),
    keep: (open) => keepForPost('conversation', open ? 'open' : ''),
  })
  let unwanted: Unwanted | undefined
  await using folder = await runFolder(process.env['RUNNER_TEMP'])
  const keep = process.env['RUNNER_TEMP'] || tmpdir()
  process.env[MARKER] = folder.path
  keepForPost('processes', folder.path)
  keepForPost('folder', folder.path)
  using stop = stopSignal(settings.deadline, systemClock)
  using patience = patienceAfter(stop.signal, LAST_WORDS_MS, systemClock)

  try {
    const begin = () => conversation.begin(report.told())
    const { signal } = stop
    const run = { settings, report, signal, folder: folder.path, keep, clock: systemClock, begin }
    const work = dispatch(run, () => openGitHub(settings, occasion))
    const outcome = await Promise.race([work, patience.over])
    report.output('changed', String(outcome.changed))
  } catch (thrown) {
    if (thrown instanceof Unwanted) {
      unwanted = thrown
      report.output('changed', 'false')
      return
    }
    const error = stoppedOr(stop.signal, thrown)
    if (error.kind === 'bug' && error.cause instanceof Error) report.line(error.cause.stack ?? '')
    report.failure(error)
    process.exitCode = 1
  } finally {
    await endProcesses(folder.path, { graceMs: 1000 })
    // A cancelled run has seconds: post tells its end.
    if (!stop.signal.aborted) await conversation.end(report.told(), unwanted)
    await report.close()
  }
}

async function openGitHub({ github }: Settings, { owner, repo }: Occasion): Promise<Client> {
  const { openClient } = await import('./github/client.ts')
  return openClient({ token: github.token, owner, repo, apiUrl: process.env['GITHUB_API_URL'] }, systemClock)
}

/** Each mode and its SDKs are loaded only when it runs. */
async function dispatch(run: Run, github: () => Promise<Client>): Promise<Outcome> {
  switch (run.settings.mode) {
    case 'install':
      return (await import('./modes/install.ts')).install(run as InstallRun)
    case 'backup':
      return (await import('./modes/backup.ts')).backup(run as BackupRun)
    case 'restore':
      return (await import('./modes/restore.ts')).restore(run as RestoreRun)
    case 'status':
      return (await import('./modes/status.ts')).status(run as StatusRun)
    case 'destroy':
      return (await import('./modes/destroy.ts')).destroy(run as DestroyRun)
    case 'sweep':
      return (await import('./modes/sweep.ts')).sweep({
        ...(run as Run<SweepSettings>),
        hasEnded: await asking(run, github),
      })
  }
}

async function asking({ settings, report }: Run, client: () => Promise<Client>): Promise<SweepRun['hasEnded']> {
  const { askRuns } = await import('./github/run-over.ts')
  return askRuns(settings.github.token, { client, line: (text) => report.line(text) })
}

/** A stopped run failed because it was stopped, whatever its parts then said of it. */
function stoppedOr(signal: AbortSignal, thrown: unknown): StackError {
  const error = asStackError(thrown)
  if (!signal.aborted) return error
  const reason = asStackError(signal.reason)
  return error.kind === reason.kind ? error : reason
}
