import type { Row } from '../conformance/probe.ts'
import type { StackError } from '../errors.ts'
import type { Step } from '../steps.ts'
import type { OutputName } from './outputs.ts'

/** Where a step stands in its plan, told as "[3/9]". */
export type Place = { at: number; of: number }

/** What a mode has to show besides the rest; cells are plain text. */
export type Table = { title: string; header: string[]; rows: string[][] }

/** Something left for a person to do, with the command for it if there is one. */
export type NextStep = { text: string; command?: string }

/**
 * What a person sees of a run: log, outputs, summary, annotations. The only part that tells.
 *
 * `line` and `waitingFor` belong to the step they are called from, however deep and however many
 * steps run together; outside of a step they belong to the run.
 */
export interface Report {
  /**
   * Carries out `work` as one log group, with what it took at its end. Steps that run together are told
   * one after another, never mixed. Passes on what `work` returns or throws.
   */
  step<T>(title: string, work: () => Promise<T>, place?: Place): Promise<T>
  /** One change or one reason, in one line. */
  line(text: string): void
  /** What is being waited for now; told again every 20 s until the step ends or says something else. */
  waitingFor(text: string): void
  /** Prints the plan, sets `plan` and `plan-digest`. */
  plan(steps: Step[], digest: string): void
  /** Prints the rows, sets `conformance`. Judging them is the caller's. */
  conformance(rows: Row[]): void
  /** Where each tool came from and by whose digest it was checked, a line each. */
  tools(origins: string[]): void
  /** Adds a table to the summary, under the title. */
  table(table: Table): void
  /** Sets an output at once; the last value of a name wins. */
  output(name: OutputName, value: string): void
  /** An annotation; only for what a person can act on. */
  warning(text: string): void
  /** Hides a secret in everything told from now on. Call it before the secret is used. */
  mask(secret: string): void
  /** Adds to the summary's next steps. */
  next(step: NextStep): void
  /** Sets `error-kind`; `close` then ends the log with what happened, what stands and what to do. */
  failure(error: StackError): void
  /** Tells next steps, URL and failure, and writes the summary. */
  close(): Promise<void>
}
