import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryFolder } from '../__tests__/runner/action-file.ts'

/** One measured run. What failed is kept, too, and counts nothing. */
export type Measured = {
  /** What was run ("action", "by hand"). */
  what: string
  /** What it was run with: other code or another bundle is another figure. */
  of: string
  at: string
  seconds: number
  peakBytes?: number
  /** Of a load beside it: requests, those that failed, and the longest time without an answer. */
  load?: { sent: number; failed: number; longestGapMs: number }
  /** Of the API of a cloud: all, and those that changed something. */
  calls?: number
  changing?: number
  /** Of `seconds`, those until the machines stood. */
  machineSeconds?: number
  failure?: string
}

type Cost = Omit<Measured, 'what' | 'of' | 'at' | 'failure'>

/** Every run of a bench, a line each, so that one that was interrupted goes on where it stood. */
export class Runs {
  readonly #file: string
  readonly #of: string
  readonly #all: Measured[]

  /** @param of key of the code and the bundle under test: only runs of the same are counted */
  constructor(bench: string, of: string) {
    this.#of = of
    this.#file = join(repositoryFolder, '.out', 'bench', `${bench}.jsonl`)
    mkdirSync(dirname(this.#file), { recursive: true })
    const lines = existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').filter(Boolean) : []
    this.#all = lines.map((line) => JSON.parse(line) as Measured)
  }

  /** The runs that count. */
  good(what: string): Measured[] {
    return this.#all.filter((run) => run.what === what && run.of === this.#of && run.failure === undefined)
  }

  failed(): Measured[] {
    return this.#all.filter((run) => run.of === this.#of && run.failure !== undefined)
  }

  /**
   * Measures one run and keeps it at once.
   *
   * @returns whether it succeeded
   */
  async measure(what: string, work: () => Promise<Cost>): Promise<boolean> {
    const base = { what, of: this.#of, at: new Date().toISOString() }
    const began = performance.now()
    try {
      this.#keep({ ...base, ...(await work()) })
      return true
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      this.#keep({ ...base, seconds: (performance.now() - began) / 1000, failure })
      return false
    }
  }

  #keep(run: Measured): void {
    this.#all.push(run)
    appendFileSync(this.#file, `${JSON.stringify(run)}\n`)
    const how = run.failure === undefined ? `${run.seconds.toFixed(1)} s` : `failed: ${run.failure}`
    say(`${run.what}: ${how}`)
  }
}

/** A line for the person who waits. */
export function say(text: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)
}

/**
 * Runs each of several things so many times, in turns, until each has as many good runs.
 *
 * @throws Error when one of them failed twice more than it was asked to run
 */
export async function inTurns(
  runs: Runs,
  rounds: number,
  things: { what: string; run: () => Promise<{ seconds: number; peakBytes?: number }> }[],
): Promise<void> {
  const failures = new Map<string, number>()
  const missing = () => things.filter(({ what }) => runs.good(what).length < rounds)
  while (missing().length > 0) {
    // Who has fewest goes first, so that an interrupted round is finished and none has a head start.
    const [next] = missing().sort((a, b) => runs.good(a.what).length - runs.good(b.what).length)
    if (next === undefined) return
    say(`${next.what}: run ${runs.good(next.what).length + 1} of ${rounds}`)
    if (await runs.measure(next.what, next.run)) continue
    failures.set(next.what, (failures.get(next.what) ?? 0) + 1)
    if ((failures.get(next.what) ?? 0) > 1) throw new Error(`${next.what} failed twice: see .out/bench and .out/runs.`)
  }
}
