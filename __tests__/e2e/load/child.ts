import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** A process of load under way. */
export type Running<Report> = AsyncDisposable & {
  /** Ends it, and gives its report. */
  stop(): Promise<Report>
  /** When it has ended, which it does by itself when it has reached its bounds. */
  ended: Promise<unknown>
}

/**
 * Starts a script of this folder as a process of its own, so that neither side waits for the other's turns. Its settings go
 * in as the first line; it ends when its input does, and so never outlives the test.
 */
export function startChild<Settings, Report>(script: string, settings: Settings): Running<Report> {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  const said = text(child.stdout)
  const exited = once(child, 'exit') as Promise<[number | null]>
  let report: Promise<Report> | undefined
  const stop = () => {
    report ??= finish<Report>(child, said, exited)
    return report
  }
  return {
    stop,
    ended: exited,
    async [Symbol.asyncDispose]() {
      await stop()
    },
  }
}

async function finish<Report>(child: ChildProcess, said: Promise<string>, exited: Promise<[number | null]>) {
  child.stdin?.end()
  const [exitCode] = await exited
  if (exitCode !== 0) throw new Error(`the load ended with exit code ${exitCode}`)
  return JSON.parse(await said) as Report
}

/** In the child: its settings, and when it is to end. */
export async function stopSignal<Settings>(): Promise<{ settings: Settings; stop: AbortSignal }> {
  const stop = new AbortController()
  const lines = createInterface({ input: process.stdin })
  const ended = once(lines, 'close').then(() => stop.abort())
  const [line] = (await Promise.race([once(lines, 'line'), ended.then(() => [''])])) as [string]
  return { settings: JSON.parse(line) as Settings, stop: stop.signal }
}

/** In the child: its last word. Waiting for more input would keep it alive. */
export function tell(report: unknown): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
  process.stdin.destroy()
}
