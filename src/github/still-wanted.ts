import type { Mode } from '../settings.ts'
import type { Client } from './client.ts'
import type { PullRequest } from './occasion.ts'

/**
 * Why the change this run was started for is not wanted any more; undefined while it is. GitHub drops older waiting
 * runs of a group, and a run can be started again by hand: the event may be long overtaken.
 */
export async function overtaken(client: Client, mode: Mode, pull: PullRequest): Promise<string | undefined> {
  const { octokit, owner, repo } = client
  const { data } = await octokit.rest.pulls.get({ owner, repo, pull_number: pull.number })
  return overtakenBy(mode, pull, data.state)
}

/** Pure. @param state "open" or "closed" */
export function overtakenBy(mode: Mode, { number, action }: PullRequest, state: string): string | undefined {
  if (mode === 'destroy' && action === 'closed' && state === 'open') {
    return `Pull request ${number} was opened again meanwhile: its stack stays.`
  }
  if ((mode === 'install' || mode === 'upgrade' || mode === 'restore') && state === 'closed') {
    return `Pull request ${number} was closed meanwhile: nothing is made for it.`
  }
  return undefined
}
