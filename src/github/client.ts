import type { getOctokit } from '@actions/github'
import type { Clock } from '../clock.ts'
import { answerOf, isOutage, limitedForMs, refusedBy } from './refused.ts'
import { routeOf } from './routes.ts'

export type Octokit = ReturnType<typeof getOctokit>

/** One repository's GitHub. */
export type Client = { octokit: Octokit; owner: string; repo: string }

/** Without an API URL (outside of a runner) it is GitHub's own. */
type Where = { token: string | undefined; owner: string; repo: string; apiUrl: string | undefined }

const TRY_MS = 15_000
const PAUSES_MS = [1_000, 4_000]
/** What is told on GitHub is not worth holding up a stack for longer. */
const LONGEST_PAUSE_MS = 60_000

/**
 * The official client, with patience: an outage is tried again where that does no harm, a limit is waited for when it
 * ends within a minute, and what is refused in the end is a StackError that says what to do.
 */
export async function openClient({ token, owner, repo, apiUrl }: Where, clock: Clock): Promise<Client> {
  const { getOctokit } = await import('@actions/github')
  const octokit = getOctokit(token ?? '', { baseUrl: apiUrl || 'https://api.github.com', log: SILENT })
  octokit.hook.wrap('request', async (send, options) => {
    const route = routeOf(options.method, options.url)
    for (let attempt = 0; ; attempt++) {
      try {
        options.request = { ...options.request, signal: AbortSignal.timeout(TRY_MS) }
        return await send(options)
      } catch (thrown) {
        const answer = answerOf(thrown)
        const pauseMs = limitedForMs(answer, clock.now()) ?? (isOutage(answer) ? PAUSES_MS[attempt] : undefined)
        const harmless = route.repeatable || !isOutage(answer)
        if (pauseMs === undefined || !harmless || attempt >= PAUSES_MS.length || pauseMs > LONGEST_PAUSE_MS) {
          throw refusedBy(answer, route, clock.now())
        }
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
      }
    }
  })
  return { octokit, owner, repo }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Makes something that must not be there twice: when nobody knows what became of the request, it is looked for
 * before it is sent again.
 */
export async function createOnce<T>(create: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> {
  try {
    return await create()
  } catch (thrown) {
    const isUnknown = thrown instanceof Error && 'retry' in thrown && thrown.retry === true
    if (!isUnknown) throw thrown
    return (await find()) ?? (await create())
  }
}
