import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { repositoryFolder } from './action-file.ts'
import { parseCommands } from './commands.ts'
import { hide, masksOf } from './masks.ts'
import { killTree, peakRss, signal } from './processes.ts'

/** Presses cancel so long after the start, or when a line of the log says something. */
export type Cancel = { afterMs: number } | { onLine: RegExp; thenMs?: number }

/** One line of the log with its time since the start. */
export type LogLine = { atMs: number; text: string }

export type Finished = {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** Standard output and standard error in the order they came. */
  lines: LogLine[]
  durationMs: number
  /** When cancel was pressed; undefined when the run ended before. */
  cancelledAtMs: number | undefined
  peakRssBytes: number
  logFile: string
}

export type StepOptions = {
  label?: string
  cancel?: Cancel
  wrap?: string[]
  onLine?: (line: string) => unknown
}

/**
 * actions/runner, ProcessInvoker: SIGINT, 7.5 s, SIGTERM, 2.5 s, then the whole tree is killed.
 * After its end, a child that still holds the output is waited for, but not for ever.
 */
const patience = { interruptMs: 7_500, terminateMs: 2_500, drainMs: 5_000 }

const node = join(repositoryFolder, 'node_modules/node/bin/node')

/** Starts one process of the action with Node 24 and waits for its end; keeps its log, masked, below .out/. */
export async function startStep(
  script: string,
  env: NodeJS.ProcessEnv,
  cwd: string,
  options: StepOptions,
): Promise<Finished> {
  const [command = node, ...args] = [...(options.wrap ?? []), node, script]
  const startedAt = performance.now()
  const elapsedMs = () => performance.now() - startedAt
  const log = openLog(options.label ?? 'run')
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, name) => resolve({ code, signal: name }))
  })
  const drained = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const cancel = new Canceller(options.cancel, child.pid ?? 0, String(env['RUNNER_TRACKING_ID']), ended, elapsedMs)

  const lines: LogLine[] = []
  const secrets = new Set<string>()
  const take = (text: string) => {
    for (const mask of masksOf(parseCommands([text]))) secrets.add(mask.value)
    lines.push({ atMs: elapsedMs(), text })
    const shown = hide(text, secrets)
    log.write(elapsedMs(), shown)
    options.onLine?.(shown)
    cancel.sees(text)
  }
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take)

  let peakRssBytes = 0
  const meter = setInterval(async () => {
    peakRssBytes = Math.max(peakRssBytes, await peakRss(child.pid ?? 0))
  }, 200)
  try {
    const { code, signal: name } = await ended
    await cancel.settled
    await endsWithin(drained, patience.drainMs)
    return {
      exitCode: code,
      signal: name,
      lines,
      durationMs: elapsedMs(),
      cancelledAtMs: cancel.pressedAtMs,
      peakRssBytes,
      logFile: log.file,
    }
  } finally {
    clearInterval(meter)
    await log.close()
  }
}

/** The runner's cancel button and what follows from it. */
class Canceller {
  pressedAtMs: number | undefined
  /** Resolves when nothing more will be sent. */
  settled: Promise<void> = Promise.resolve()
  readonly #when: Cancel | undefined
  readonly #pid: number
  readonly #trackingId: string
  readonly #ended: Promise<unknown>
  readonly #elapsedMs: () => number

  constructor(
    when: Cancel | undefined,
    pid: number,
    trackingId: string,
    ended: Promise<unknown>,
    elapsedMs: () => number,
  ) {
    this.#when = when
    this.#pid = pid
    this.#trackingId = trackingId
    this.#ended = ended
    this.#elapsedMs = elapsedMs
    if (when !== undefined && 'afterMs' in when) this.#pressAfter(when.afterMs)
  }

  sees(line: string): void {
    if (this.#when === undefined || 'afterMs' in this.#when || !this.#when.onLine.test(line)) return
    this.#pressAfter(this.#when.thenMs ?? 0)
  }

  #pressAfter(ms: number): void {
    const timer = setTimeout(() => {
      if (this.pressedAtMs !== undefined) return
      this.pressedAtMs = this.#elapsedMs()
      this.settled = this.#press()
    }, ms)
    void this.#ended.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
  }

  async #press(): Promise<void> {
    signal(this.#pid, 'SIGINT')
    if (await endsWithin(this.#ended, patience.interruptMs)) return
    signal(this.#pid, 'SIGTERM')
    if (await endsWithin(this.#ended, patience.terminateMs)) return
    await killTree(this.#trackingId)
  }
}

async function endsWithin(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const patienceOver = new AbortController()
  const late = sleep(ms, false, { signal: patienceOver.signal }).catch(() => false)
  const result = await Promise.race([ended.then(() => true), late])
  patienceOver.abort()
  return result
}

function openLog(label: string) {
  const folder = join(repositoryFolder, '.out', 'runs')
  mkdirSync(folder, { recursive: true })
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const file = join(folder, `${stamp}-${label}.log`)
  const stream = createWriteStream(file)
  return {
    file,
    write: (atMs: number, line: string) => stream.write(`${(atMs / 1000).toFixed(1).padStart(7)} ${line}\n`),
    close: () => new Promise<void>((resolve) => stream.end(() => resolve())),
  }
}
