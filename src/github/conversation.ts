import type { Clock } from '../clock.ts'
import { asStackError, StackError } from '../errors.ts'
import { formatFailure } from '../report/format.ts'
import { emptySummary, type SummaryData } from '../report/summary.ts'
import type { Settings } from '../settings.ts'
import { Unwanted } from '../unwanted.ts'
import type { Client } from './client.ts'
import { abandonDeployment, endDeployments, type Place, putDeployment, type Status } from './deployment.ts'
import { closeIssue, openIssue } from './failure-issue.ts'
import { type Occasion, pullRequestNumber } from './occasion.ts'
import { putComment } from './put-comment.ts'
import { overtaken } from './still-wanted.ts'
import { type Standing, standingAfter } from './told.ts'

/** What a run says on GitHub beside its log: a comment, a deployment, an issue. Silent where nothing of it was asked for. */
export interface Conversation {
  /**
   * Asked once the lease is held: looks whether the change is still wanted, and tells that it has begun.
   *
   * @throws Unwanted when the pull request changed its state meanwhile
   * @throws StackError when GitHub does not say in which state it is
   */
  begin(summary: SummaryData): Promise<void>
  /** Tells how the run ended. What cannot be told is a warning: a stack does not fail by what is said of it. */
  end(summary: SummaryData, unwanted?: Unwanted): Promise<void>
  /** Told by post of a run that was killed before it could tell its end. */
  abandon(): Promise<void>
  /** Tells of stacks that were taken away without a run of their own: their deployments and comments. */
  gone(names: string[], reason: string): Promise<void>
}

export type Surroundings = {
  occasion: Occasion
  clock: Clock
  /** The client, opened at first use; its package is loaded only then. */
  client(): Promise<Client>
  line(text: string): void
  warn(text: string): void
  /** Notes for post that the end of this run is still to be told, or no more. */
  keep(open: boolean): void
}

const BUILDING = new Set(['install', 'upgrade', 'restore', 'destroy'])

export function openConversation(settings: Settings, surroundings: Surroundings): Conversation {
  const { occasion, clock, client, line, warn, keep } = surroundings
  const { mode, stack, github } = settings
  const pull = occasion.pullRequest
  const number = pullRequestNumber(occasion, stack.name)
  const dryRun = 'dryRun' in settings && settings.dryRun
  const isPreview =
    pull !== undefined && (github.comment || github.environment !== undefined || stack.name === `pr-${pull.number}`)
  const told = { mode, stack, runUrl: occasion.runUrl, login: loginOf(settings) }

  /** One thing told; that it could not be is no reason to keep quiet of the others. */
  const tell = async (work: (client: Client) => Promise<unknown>) => {
    try {
      await work(await client())
    } catch (thrown) {
      warn(formatFailure(asStackError(thrown)).join('\n'))
    }
  }
  const comment = async (standing: Standing, summary: SummaryData, reason: string | undefined) => {
    if (!github.comment) return
    if (number === undefined) return line('There is no comment to write: this run belongs to no pull request.')
    await tell((at) => putComment(at, number, { ...told, standing, summary, reason, at: new Date(clock.now()) }))
  }
  const deploy = async (work: (at: Client, place: Place) => Promise<unknown>) => {
    const { environment } = github
    if (environment === undefined || dryRun || !BUILDING.has(mode)) return
    await tell((at) => work(at, { environment, stack, sha: pull?.headSha || occasion.sha }))
  }
  const state = (status: Pick<Status, 'description'>) => ({ logUrl: occasion.runUrl, url: undefined, ...status })

  return {
    async begin(summary) {
      if (pull !== undefined && isPreview) {
        const reason = await overtaken(await client(), mode, pull)
        if (reason !== undefined) throw new Unwanted(reason)
      }
      keep(true)
      await comment('working', summary, undefined)
      if (mode === 'destroy') return
      await deploy((at, place) =>
        putDeployment(at, place, { ...state({ description: `Mode ${mode}` }), state: 'in_progress' }),
      )
    },

    async end(summary, unwanted) {
      const { error } = summary
      if (unwanted !== undefined) {
        line(unwanted.message)
      } else {
        await comment(standingAfter(mode, dryRun, summary), summary, undefined)
        await deploy((at, place) => deployEnd(at, place, mode === 'destroy', summary, state))
        if (github.failureIssue && !dryRun) {
          const issue = { stack, mode, runUrl: occasion.runUrl, at: new Date(clock.now()) }
          await tell((at) => (error === undefined ? closeIssue(at, issue) : openIssue(at, issue, error)))
        }
      }
      keep(false)
    },

    async abandon() {
      await comment('failed', { ...NOTHING, error: abandoned() }, undefined)
      await deploy((at, place) => abandonDeployment(at, place, state({ description: 'The run was killed' })))
      if (!github.failureIssue || dryRun) return
      const issue = { stack, mode, runUrl: occasion.runUrl, at: new Date(clock.now()) }
      await tell((at) => openIssue(at, issue, abandoned()))
    },

    async gone(names, reason) {
      for (const name of names) {
        const other = { name, owner: stack.owner }
        const at = new Date(clock.now())
        const of = pullRequestNumber({ pullRequest: undefined }, name)
        await tell((on) => endDeployments(on, { environment: undefined, stack: other }, state({ description: reason })))
        if (!github.comment || of === undefined) continue
        const data = {
          ...told,
          stack: other,
          standing: 'gone',
          summary: NOTHING,
          reason,
          at,
          login: undefined,
        } as const
        await tell((on) => putComment(on, of, data))
      }
    },
  }
}

const NOTHING = emptySummary()

async function deployEnd(
  client: Client,
  place: Place,
  isDestroy: boolean,
  { error, outputs }: SummaryData,
  state: (status: Pick<Status, 'description'>) => Omit<Status, 'state'>,
): Promise<unknown> {
  if (isDestroy) {
    // What a failed destroy left may still answer: its deployment stays as it was.
    return error === undefined
      ? endDeployments(client, place, state({ description: 'The stack was destroyed' }))
      : undefined
  }
  if (error !== undefined) {
    return putDeployment(client, place, { ...state({ description: `Failed (${error.kind})` }), state: 'failure' })
  }
  const description = outputs['rancher-version'] === undefined ? 'Ready' : `Rancher ${outputs['rancher-version']}`
  return putDeployment(client, place, { ...state({ description }), state: 'success', url: outputs['rancher-url'] })
}

function loginOf(settings: Settings): string | undefined {
  if (settings.mode !== 'install') return undefined
  return settings.rancher.bootstrapPassword === undefined
    ? "as admin; the run's summary says how to read the first password"
    : 'as admin, with what the workflow gives as bootstrap-password'
}

function abandoned(): StackError {
  return new StackError('timeout', 'The run was cancelled or killed before it could tell how it ended.', {
    stands: 'What was done stands; nothing was put back.',
    next: 'Run the same again: it goes on from what stands.',
  })
}
