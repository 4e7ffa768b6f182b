import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ActionFile, inputEnvironment, readActionFile, repositoryFolder } from './action-file.ts'
import { parseCommands, parseFileCommands, type WorkflowCommand } from './commands.ts'
import { type CommandFiles, type Disk, makeCommandFiles, makeDisk } from './disk.ts'
import { type RunnerContext, runnerEnvironment } from './environment.ts'
import { findLeaks, masksOf } from './masks.ts'
import { killTree, type Leftover, leftovers } from './processes.ts'
import { type Cancel, type Finished, startStep } from './step.ts'

export type RunOptions = RunnerContext & {
  /** Names the log below .out/ ("life-install"). */
  label?: string
  /** Further environment of the step, as `env:` in a workflow. */
  env?: Record<string, string>
  /** A disk to run on; without it a fresh one that dies with the result. */
  disk?: Disk
  /** false: RUNNER_TEMP is lost between main and post. */
  keepRunnerDisk?: boolean
  /** When the runner's cancel button is pressed. */
  cancel?: Cancel
  /** Put before the command ("unshare", "-n"). */
  wrap?: string[]
  /** Each line of the log as it comes, masked. */
  onLine?: (line: string) => unknown
  /** Told the tracking id that all processes of the run carry. */
  onStart?: (trackingId: string) => void
  /** Folder of the action; default this checkout. */
  action?: string
}

/** What one process of the action left. */
export type StepResult = Omit<Finished, 'lines'> & {
  lines: string[]
  commands: WorkflowCommand[]
  /** Messages of `::error::`, decoded. */
  errors: string[]
  warnings: string[]
  notices: string[]
  outputs: Record<string, string>
  state: Record<string, string>
  env: Record<string, string>
  path: string[]
  summary: string
  masks: string[]
  /** Processes of the step that outlived it. */
  leftovers: Leftover[]
}

export type RunResult = StepResult &
  AsyncDisposable & {
    disk: Disk
    /** Runs the action's post step with the state main saved; at any time after main, as the runner would. */
    post(): Promise<StepResult>
  }

/**
 * Runs the committed bundle as actions/runner does: one process, its inputs in the environment,
 * its results in files.
 *
 * @throws Error when a masked value can be read where it should not; an action that fails is a result, not an error.
 * @see https://github.com/actions/runner (NodeScriptActionHandler, ProcessInvoker, FileCommandManager)
 */
export async function runAction(inputs: Record<string, string>, options: RunOptions = {}): Promise<RunResult> {
  const folder = options.action ?? repositoryFolder
  const action = readActionFile(folder, options.githubToken)
  const disk = options.disk ?? (await makeDisk())
  const discard = () => (options.disk === undefined ? disk[Symbol.asyncDispose]() : Promise.resolve())
  const trackingId = `github_${randomUUID()}`
  options.onStart?.(trackingId)
  const base = {
    ...runnerEnvironment(disk, folder, options),
    ...inputEnvironment(action.inputs, inputs),
    RUNNER_TRACKING_ID: trackingId,
    ...options.env,
  }
  const label = options.label ?? inputs['mode'] ?? 'run'
  const main = await runStep(join(folder, action.main), base, disk, { ...options, label }).catch(async (error) => {
    await discard()
    throw error
  })
  if (options.keepRunnerDisk === false) await emptyTemp(disk)
  return {
    ...main,
    disk,
    post: () => runPost(action, folder, { ...base, ...stateEnvironment(main.state) }, disk, { ...options, label }),
    async [Symbol.asyncDispose]() {
      await killTree(trackingId)
      await discard()
    },
  }
}

function runPost(action: ActionFile, folder: string, env: NodeJS.ProcessEnv, disk: Disk, options: RunOptions) {
  if (action.post === undefined) throw new Error('action.yml has no post step')
  const { cancel: _, ...rest } = options
  return runStep(join(folder, action.post), env, disk, { ...rest, label: `${options.label}-post` })
}

const stateEnvironment = (state: Record<string, string>) =>
  Object.fromEntries(Object.entries(state).map(([key, value]) => [`STATE_${key}`, value]))

async function emptyTemp(disk: Disk): Promise<void> {
  const { mkdir, rm } = await import('node:fs/promises')
  await rm(disk.temp, { recursive: true, force: true })
  await mkdir(disk.temp)
}

async function runStep(script: string, base: NodeJS.ProcessEnv, disk: Disk, options: RunOptions): Promise<StepResult> {
  const files = await makeCommandFiles(disk, randomUUID())
  const finished = await startStep(script, { ...base, ...files }, disk.workspace, options)
  const alive = await leftovers(String(base['RUNNER_TRACKING_ID']))
  const written = await readCommandFiles(files)
  const lines = finished.lines.map(({ text }) => text)
  const commands = parseCommands(lines)
  const masks = masksOf(commands)
  const leaks = findLeaks(lines, masks, written)
  if (leaks.length > 0) throw new Error(`the run shows secrets:\n${leaks.join('\n')}\nlog: ${finished.logFile}`)
  if (written.GITHUB_STEP_SUMMARY !== '') {
    await writeFile(finished.logFile.replace(/\.log$/, '.summary.md'), written.GITHUB_STEP_SUMMARY)
  }
  const said = (name: string) => commands.filter((command) => command.name === name).map((command) => command.value)
  return {
    ...finished,
    lines,
    commands,
    errors: said('error'),
    warnings: said('warning'),
    notices: said('notice'),
    outputs: parseFileCommands(written.GITHUB_OUTPUT),
    state: parseFileCommands(written.GITHUB_STATE),
    env: parseFileCommands(written.GITHUB_ENV),
    path: written.GITHUB_PATH.split('\n').filter((line) => line !== ''),
    summary: written.GITHUB_STEP_SUMMARY,
    masks: [...new Set(masks.map((mask) => mask.value))],
    leftovers: alive,
  }
}

/** What the step wrote; a file it lost with its disk reads as empty. */
async function readCommandFiles(files: CommandFiles): Promise<CommandFiles> {
  const read = Object.entries(files).map(async ([name, path]) => [name, await readFile(path, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(read)) as CommandFiles
}
