/** What went wrong, by who can mend it; published as the output `error-kind`. */
export type ErrorKind =
  | 'input'
  | 'preflight'
  | 'cloud'
  | 'ssh'
  | 'kubernetes'
  | 'rancher'
  | 'snapshot'
  | 'lease'
  | 'timeout'
  | 'bug'

/** One thing that stands against what was asked. An empty list of refusals means: go. */
export type Refusal = {
  kind: ErrorKind
  /** The input, node or resource it is about ("node-count", "node-2"). */
  subject: string
  /** What is wrong: expected and got. */
  what: string
  /** What a person does about it. */
  next: string
}

type Parts = {
  /** What is still standing, in one sentence. */
  stands?: string
  /** What to do next, in one sentence. */
  next?: string
  cause?: unknown
  /** Whether the same call may succeed later; false unless it is known to. */
  retry?: boolean
}

/** The one error of this project: its kind, what happened, what stands, what to do next. */
export class StackError extends Error {
  readonly kind: ErrorKind
  readonly stands: string | undefined
  readonly next: string | undefined
  readonly retry: boolean

  constructor(kind: ErrorKind, what: string, parts: Parts = {}) {
    super(what, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = 'StackError'
    this.kind = kind
    this.stands = parts.stands
    this.next = parts.next
    this.retry = parts.retry ?? false
  }
}

/** @throws StackError that tells all refusals at once, with the kind of the first; nothing when there is none. */
export function throwRefusals(refusals: Refusal[]): void {
  const [first] = refusals
  if (first === undefined) return
  const lines = refusals.map((refusal) => `${refusal.subject}: ${refusal.what}`)
  const ways = [...new Set(refusals.map((refusal) => refusal.next))]
  throw new StackError(first.kind, lines.join('\n'), { stands: 'Nothing was changed.', next: ways.join('\n') })
}

/** Any thrown value as a StackError; what is not one is of kind `bug`. */
export function asStackError(thrown: unknown): StackError {
  if (thrown instanceof StackError) return thrown
  const what = thrown instanceof Error ? thrown.message : String(thrown)
  return new StackError('bug', what, { cause: thrown, next: 'Report this with the log of the run.' })
}
