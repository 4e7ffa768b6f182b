import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '../errors.ts'

/** What a look saw; `fatal` is thrown at once, because no further look can be a yes. */
export type Look = { ok: boolean; evidence: string; fatal?: StackError }

export type Wait = {
  /** What is waited for, as a sentence ("cert-manager's webhook answers"). */
  what: string
  deadlineMs: number
  /** Between two looks; default 2 s. */
  everyMs?: number
  signal: AbortSignal
  log?: (line: string) => void
  next?: string
}

/**
 * Looks again and again until the answer is yes, and gives its evidence; a look that throws is a no.
 * What is awaited is logged when it changes.
 *
 * @throws StackError of kind `timeout` with the last thing seen, or the reason of `signal`
 */
export async function until(wait: Wait, look: () => Promise<Look>): Promise<string> {
  const { what, deadlineMs, everyMs = 2_000, signal, log, next } = wait
  const endsAt = performance.now() + deadlineMs
  let last = ''
  for (;;) {
    signal.throwIfAborted()
    const { ok, evidence, fatal } = await look().catch(noOf)
    if (ok) return evidence
    if (fatal !== undefined) throw fatal
    if (evidence !== last) log?.(`waiting until ${what}: ${evidence}`)
    last = evidence
    if (performance.now() + everyMs > endsAt) {
      throw new StackError('timeout', `Within ${Math.round(deadlineMs / 1000)} s it was not so that ${what}: ${last}`, {
        ...(next !== undefined && { next }),
      })
    }
    await delay(everyMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function noOf(thrown: unknown): Look {
  return { ok: false, evidence: thrown instanceof Error ? thrown.message : String(thrown) }
}
