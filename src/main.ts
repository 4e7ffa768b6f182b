import { tmpdir } from 'node:os'
import { systemClock } from './clock.ts'
import { keepForPost } from './closers.ts'
import { tellCommand, tellFile, tellSummary } from './commands.ts'
import { asStackError, type StackError } from './errors.ts'
import type { Client } from './github/client.ts'
import { type Occasion, type PullRequest, readOccasion } from './github/occasion.ts'
import { parseInputs } from './inputs.ts'
import { endProcesses, MARKER } from './processes.ts'
import type { DestroyRun, InstallRun, Outcome, Run, StatusRun } from './run.ts'
import { runFolder } from './run-folder.ts'
import type { Settings } from './settings.ts'
import { patienceAfter, stopSignal } from './stop-signal.ts'
import { Unwanted } from './unwanted.ts'

/** After the runner's SIGINT there are 7.5 s until SIGTERM; by then what stands must have been told. */
const LAST_WORDS_MS = 5500
/** How long a finished run may take to end by itself: what is open then was not closed by anybody. */
const LINGER_MS = 500

/** Parses the inputs, carries out the mode, and turns whatever happens into outputs, summary and exit code. */
export async function run(): Promise<void> {
  const occasion = await readOccasion(process.env)
  if (occasion.pullRequest?.fork) return tellFork(occasion.pullRequest)
  const secrets: string[] = []
  const settings = await parseInputs({
    env: process.env,
    now: new Date(),
    mask(secret) {
      secrets.push(secret)
      tellCommand('add-mask', secret)
    },
    warn: (text) => tellCommand('warning', text),
  })
  await carryOut(settings, occasion, secrets)
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

/** GitHub gives the run of a stranger's branch no secrets, and such a branch is not to get any by another way. */
function tellFork({ number, headRepository }: PullRequest): void {
  const from = headRepository === '' ? 'a repository that is gone' : headRepository
  const text = `Pull request ${number} comes from ${from}: such a run gets no secrets, so nothing was done.`
  tellCommand('notice', text)
  tellFile('GITHUB_OUTPUT', 'changed', 'false')
  tellSummary(`## Rancher HA\n\n${text}\n`)
}

async function carryOut(settings: Settings, occasion: Occasion, secrets: string[]): Promise<void> {
  const [{ createReport }, { openRunner }, { createVeil }, { openConversation }] = await Promise.all([
    import('./report/create-report.ts'),
    import('./report/runner.ts'),
    import('./report/veil.ts'),
    import('./github/conversation.ts'),
  ])
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
    const work = dispatch({
      settings,
      report,
      signal: stop.signal,
      folder: folder.path,
      keep,
      clock: systemClock,
      begin,
    })
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
async function dispatch(run: Run): Promise<Outcome> {
  switch (run.settings.mode) {
    case 'install':
      return (await import('./modes/install.ts')).install(run as InstallRun)
    case 'status':
      return (await import('./modes/status.ts')).status(run as StatusRun)
    case 'destroy':
      return (await import('./modes/destroy.ts')).destroy(run as DestroyRun)
  }
}

/** A stopped run failed because it was stopped, whatever its parts then said of it. */
function stoppedOr(signal: AbortSignal, thrown: unknown): StackError {
  const error = asStackError(thrown)
  if (!signal.aborted) return error
  const reason = asStackError(signal.reason)
  return error.kind === reason.kind ? error : reason
}
