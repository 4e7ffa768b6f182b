import { readFile } from 'node:fs/promises'

export type PullRequest = {
  number: number
  /** What happened to it ("opened", "synchronize", "closed"); empty when the event does not say. */
  action: string
  headSha: string
  /** Whose branch it is ("stranger/platform"); empty when that repository is gone. */
  headRepository: string
  /** Its branch is not in this repository: GitHub gives such a run no secrets. */
  fork: boolean
}

/** What a run was started by, as far as it changes what the run does. */
export type Occasion = {
  event: string
  owner: string
  repo: string
  sha: string
  /** This attempt of the run, in a browser. */
  runUrl: string
  pullRequest: PullRequest | undefined
}

type Environment = Record<string, string | undefined>

/** Reads the event's file. Outside of GitHub, and for an event without a file, there is no pull request. */
export async function readOccasion(env: Environment): Promise<Occasion> {
  const path = env['GITHUB_EVENT_PATH']
  const text = path ? await readFile(path, 'utf8').catch(() => '{}') : '{}'
  return occasionOf(env, parsed(text))
}

/**
 * Pure. `pull_request_target` and reviews carry a pull request as `pull_request` does.
 *
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request
 */
export function occasionOf(env: Environment, event: unknown): Occasion {
  const [owner = '', repo = ''] = (env['GITHUB_REPOSITORY'] ?? '').split('/')
  const run = `${env['GITHUB_SERVER_URL'] ?? ''}/${owner}/${repo}/actions/runs/${env['GITHUB_RUN_ID'] ?? ''}`
  return {
    event: env['GITHUB_EVENT_NAME'] ?? '',
    owner,
    repo,
    sha: env['GITHUB_SHA'] ?? '',
    runUrl: `${run}/attempts/${env['GITHUB_RUN_ATTEMPT'] || '1'}`,
    pullRequest: pullRequestOf(event),
  }
}

function pullRequestOf(event: unknown): PullRequest | undefined {
  const pull = at(event, 'pull_request')
  const number = at(pull, 'number')
  if (typeof number !== 'number') return undefined
  const headRepository = textAt(pull, 'head', 'repo', 'full_name')
  const baseRepository = textAt(pull, 'base', 'repo', 'full_name')
  return {
    number,
    action: textAt(event, 'action'),
    headSha: textAt(pull, 'head', 'sha'),
    headRepository,
    fork: headRepository !== baseRepository,
  }
}

/** The pull request a stack is the preview of: its own run's, else the one its name tells ("pr-7"). */
export function pullRequestNumber({ pullRequest }: Pick<Occasion, 'pullRequest'>, stack: string): number | undefined {
  const named = /^pr-([1-9]\d*)$/.exec(stack)?.[1]
  return pullRequest?.number ?? (named === undefined ? undefined : Number(named))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  )
}

function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}
