import { type Certificate, certificateFor } from '../../lab/certificates.ts'
import { labInputs } from '../../lab/settings.ts'
import { filesWithSecrets } from '../runner/masks.ts'
import { killTree } from '../runner/processes.ts'
import { type RunOptions, type RunResult, runAction, type StepResult } from '../runner/runner.ts'
import { labEnvironment } from './eye/lab.ts'
import type { View } from './eye/web.ts'

type Inputs = Record<string, string>

/** One stack under test: what it is called, what only its owner knows, and the action run on it. */
export type Stack = {
  name: string
  hostname: string
  password: string
  tls: Certificate
  /** By its name, as a user's machine resolves it. */
  view: View
  /** Inputs of an install of it in this lab. */
  installInputs(changed?: Inputs): Inputs
  install(changed?: Inputs, options?: RunOptions): Promise<Done>
  status(changed?: Inputs, options?: RunOptions): Promise<Done>
  destroy(changed?: Inputs, options?: RunOptions): Promise<Done>
}

/** Main and post of one run of the action, both ended. */
export type Done = StepResult & { post: StepResult; rows: Row[]; plan: { id: string; title: string }[] }

export type Row = { id: string; sentence: string; ok: boolean; evidence: string }

/** The stack of that name; its password and certificate are the same each time, as its owner's would be. */
export function stackNamed(name: string): Stack {
  const hostname = `${name}.rancher.test`
  const password = `password-of-${name}`
  const tls = certificateFor(hostname)
  const installInputs = (changed: Inputs = {}): Inputs => ({
    ...labInputs({ name, hostname }),
    mode: 'install',
    'bootstrap-password': password,
    ...changed,
  })
  const identity = (mode: string, changed: Inputs = {}): Inputs => ({ mode, provider: 'local', name, ...changed })
  return {
    name,
    hostname,
    password,
    tls,
    view: { hostname, ca: tls.ca },
    installInputs,
    install: (changed, options) => act(name, installInputs(changed), options),
    status: (changed, options) => act(name, identity('status', changed), options),
    destroy: (changed, options) =>
      act(name, identity('destroy', { confirm: hostname, 'last-snapshot': 'false', ...changed }), options),
  }
}

const runs = new Set<string>()

/** Ends what a test that failed left running, so that it does not change the ground of the next one. */
export async function endRuns(): Promise<void> {
  for (const trackingId of runs) await killTree(trackingId)
  runs.clear()
}

/**
 * Runs main and then post, each on a fresh runner, and holds what is true of every run: post succeeds,
 * no process outlives it, and no secret stays on the disk.
 */
export async function act(label: string, inputs: Inputs, options: RunOptions = {}): Promise<Done> {
  const env = { ...labEnvironment(), ...options.env }
  const onStart = (trackingId: string) => {
    runs.add(trackingId)
    options.onStart?.(trackingId)
  }
  await using main = await runAction(inputs, {
    label: `${label}-${inputs['mode']}`,
    onLine: tell,
    ...options,
    env,
    onStart,
  })
  const post = await main.post()
  const left = await filesWithSecrets(main.disk.temp, main.masks)
  const wrong = [
    ...(post.exitCode === 0 ? [] : [`post ended with ${post.exitCode}`]),
    ...post.leftovers.map((each) => `process left: ${each.command}`),
    ...left.map((file) => `secret left in ${file}`),
  ]
  if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\n${tail(main)}`)
  return { ...main, post, rows: json(main, 'conformance'), plan: json(main, 'plan') }
}

/** The result of a run that must have succeeded. */
export async function succeeds(run: Promise<Done>): Promise<Done> {
  const done = await run
  if (done.exitCode !== 0) throw new Error(`the run failed with kind ${done.outputs['error-kind']}:\n${tail(done)}`)
  return done
}

/** The result of a run that must have failed with that kind. */
export async function failsWith(kind: string, run: Promise<Done>): Promise<Done> {
  const done = await run
  if (done.exitCode === 0 || done.outputs['error-kind'] !== kind) {
    throw new Error(
      `expected a failure of kind ${kind}, got exit code ${done.exitCode}, ${done.outputs['error-kind']}:\n${tail(done)}`,
    )
  }
  return done
}

function json<T>(run: StepResult, output: string): T[] {
  return JSON.parse(run.outputs[output] || '[]') as T[]
}

function tail(run: Pick<RunResult, 'lines' | 'logFile'>): string {
  return [...run.lines.slice(-40), `log: ${run.logFile}`].join('\n')
}

/** What a person watching wants to see of a long run. */
function tell(line: string): void {
  const shown = /^(::group::|::error|::warning|\s*\[\d+\/\d+\])/.test(line)
  if (shown) process.stderr.write(`    ${line.slice(0, 160)}\n`)
}
