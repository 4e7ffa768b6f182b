import { StackError } from '../errors.ts'
import { maskable } from './runner.ts'
import type { SummaryData } from './summary.ts'

/**
 * Secrets of a run, hidden in what leaves by another way than the log: the runner masks the log and the summary, and
 * nothing that is sent to an API.
 */
export type Veil = {
  add(secret: string): void
  hide(text: string): string
  hideIn(summary: SummaryData): SummaryData
}

export function createVeil(): Veil {
  const secrets = new Set<string>()
  /** The longest first: one secret may be a part of another. */
  const hide = (text: string) =>
    [...secrets]
      .sort((one, other) => other.length - one.length)
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return {
    add(secret) {
      for (const part of maskable(secret)) secrets.add(part)
    },
    hide,
    hideIn(summary) {
      const { error } = summary
      return {
        ...(hiddenIn({ ...summary, error: undefined }, hide) as SummaryData),
        error: error && hiddenError(error, hide),
      }
    },
  }
}

function hiddenIn(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map((item) => hiddenIn(item, hide))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hiddenIn(item, hide)]))
}

function hiddenError({ kind, message, stands, next, retry }: StackError, hide: (text: string) => string): StackError {
  return new StackError(kind, hide(message), {
    ...(stands !== undefined && { stands: hide(stands) }),
    ...(next !== undefined && { next: hide(next) }),
    retry,
  })
}
