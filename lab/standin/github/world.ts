/** What a repository holds, as far as this action looks at it or changes it. */
export type World = {
  /** Pull requests by number. */
  pulls: Map<number, { state: 'open' | 'closed'; headSha: string }>
  comments: Comment[]
  issues: Issue[]
  deployments: Deployment[]
  /** Runs of workflows by id. */
  runs: Map<number, { status: 'queued' | 'in_progress' | 'completed'; attempt: number }>
  /** Who a token is, and what it may. */
  tokens: Map<string, Identity>
}

export type Identity = { login: string; permissions: Permissions }
export type Permissions = Partial<Record<'issues' | 'pull-requests' | 'deployments' | 'actions', 'read' | 'write'>>

export type Comment = { id: number; number: number; body: string; login: string }
export type Issue = { number: number; title: string; body: string; state: string; login: string; reason: string | null }
export type Status = { state: string; environment_url: string; log_url: string; description: string }
export type Deployment = {
  id: number
  sha: string
  environment: string
  task: string
  payload: unknown
  transient: boolean
  /** The newest last. */
  statuses: Status[]
}

export const BOT = 'github-actions[bot]'

/** A repository with one token, which is the job's own and may do all that this action asks for. */
export function makeWorld(): World {
  const permissions = { issues: 'write', 'pull-requests': 'write', deployments: 'write', actions: 'read' } as const
  return {
    pulls: new Map(),
    comments: [],
    issues: [],
    deployments: [],
    runs: new Map(),
    tokens: new Map([['job-token', { login: BOT, permissions }]]),
  }
}
