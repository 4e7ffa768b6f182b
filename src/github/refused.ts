import { StackError } from '../errors.ts'
import type { Route } from './routes.ts'

/** What GitHub answered instead of what was asked; `status` 0 means that no answer came. */
export type Answer = {
  status: number
  /** GitHub's own words. */
  message: string
  headers: Record<string, string | undefined>
}

/** What a thrown value of octokit says. Of another value only its message is taken. */
export function answerOf(thrown: unknown): Answer {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (!(thrown instanceof Error) || !('status' in thrown) || !('response' in thrown)) {
    return { status: 0, message, headers: {} }
  }
  const response = thrown.response as { headers?: Record<string, unknown>; data?: unknown } | undefined
  const headers = Object.entries(response?.headers ?? {}).map(([name, value]) => [name, String(value)] as const)
  const said = (response?.data as { message?: unknown } | undefined)?.message
  return {
    status: response === undefined ? 0 : Number(thrown.status),
    message: typeof said === 'string' ? withoutEnd(message.startsWith(said) ? message : said) : withoutEnd(message),
    headers: Object.fromEntries(headers),
  }
}

/** octokit adds the page of the documentation to what was said. */
function withoutEnd(message: string): string {
  return message.replace(/ - https:\/\/\S+$/, '').replace(/[.\s]+$/, '')
}

/**
 * How long GitHub asks to wait, in ms; undefined when it was no limit of its own that it refused for.
 *
 * @see https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function limitedForMs({ status, message, headers }: Answer, now: number): number | undefined {
  const spent = headers['x-ratelimit-remaining'] === '0'
  const limited = status === 429 || (status === 403 && (spent || /rate limit/i.test(message)))
  if (!limited) return undefined
  const [after, reset] = [
    Number(headers['retry-after'] ?? Number.NaN),
    Number(headers['x-ratelimit-reset'] ?? Number.NaN),
  ]
  if (Number.isFinite(after)) return after * 1000
  if (spent && Number.isFinite(reset)) return Math.max(0, reset * 1000 - now)
  return 60_000
}

/** Whether nobody knows if the request was carried out, or it surely was not and may be the next time. */
export function isOutage({ status }: Answer): boolean {
  return status === 0 || status >= 500
}

/** What a person is told of a request GitHub did not carry out. Pure. */
export function refusedBy(answer: Answer, { doing, permission }: Route, now: number): StackError {
  const { status, message, headers } = answer
  const waitMs = limitedForMs(answer, now)
  if (waitMs !== undefined) {
    const until = new Date(now + waitMs).toISOString().replace(/\.\d+Z$/, 'Z')
    return new StackError('cloud', `GitHub's limit of requests is used up until ${until}; it did not ${doing}.`, {
      next: 'Run again after that time, or give github-token the token of an app of your own: each has its own limit.',
      retry: true,
    })
  }
  if (isOutage(answer)) {
    const why = status === 0 ? message : `status ${status}`
    return new StackError('cloud', `GitHub did not answer when asked to ${doing}: ${why}.`, {
      next: 'Look at githubstatus.com, and run again.',
      retry: true,
    })
  }
  if (status === 401) {
    return new StackError('input', `GitHub does not take the github-token: ${message}.`, {
      next: 'Leave github-token out to use the token of the job, or give one that has not ended.',
    })
  }
  if (status === 403 || status === 404) {
    const what = status === 403 ? `refused to ${doing}` : `shows this token nothing when asked to ${doing}`
    return new StackError('preflight', `GitHub ${what}: ${message}.`, {
      next: `Add "${neededFor(permission, headers)}" to the permissions of the job${status === 404 ? ', and look whether it still exists' : ''}.`,
      cause: answer,
    })
  }
  if (status === 410) {
    return new StackError('preflight', `GitHub cannot ${doing}: ${message}.`, {
      next: 'Switch issues on in the settings of the repository, or leave failure-issue out.',
    })
  }
  return new StackError('bug', `GitHub does not accept the request to ${doing} (status ${status}): ${message}.`, {
    next: 'Report this with the log of the run.',
  })
}

/**
 * What GitHub says it would have taken; of several choices the one this project documents.
 *
 * @see https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api (X-Accepted-GitHub-Permissions)
 */
function neededFor(permission: string, headers: Answer['headers']): string {
  const choices = (headers['x-accepted-github-permissions'] ?? '')
    .split(';')
    .map((choice) => choice.trim().replaceAll('_', '-').replaceAll('=', ': '))
    .filter((choice) => choice !== '')
  return choices.includes(permission) ? permission : (choices[0] ?? permission)
}
