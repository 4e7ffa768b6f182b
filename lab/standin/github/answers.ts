import type { Comment, Deployment, Identity, Issue, Permissions, World } from './world.ts'

/** A request as an answer sees it. */
export type Asked = {
  world: World
  who: Identity
  params: string[]
  query: URLSearchParams
  body: Record<string, unknown>
}
/** `next` is the number of the page after this one of a list; undefined where there is none. */
export type Answer = { status: number; body: unknown; next?: number | undefined }

type Right = [area: keyof Permissions, level: 'read' | 'write']
export type Endpoint = { method: string; path: RegExp; rights: Right[]; answer(asked: Asked): Answer }

const ok = (body: unknown): Answer => ({ status: 200, body })
const created = (body: unknown): Answer => ({ status: 201, body })
const NOT_FOUND: Answer = { status: 404, body: { message: 'Not Found' } }

/** Several rights are a choice: one of them is enough, as GitHub has it for comments. */
const COMMENTS: Right[] = [
  ['pull-requests', 'read'],
  ['issues', 'read'],
]
const COMMENTING: Right[] = [
  ['pull-requests', 'write'],
  ['issues', 'write'],
]

/** The endpoints of the REST API this action uses, below /repos/OWNER/REPO. */
export const ENDPOINTS: Endpoint[] = [
  endpoint('GET', '/pulls/(\\d+)', [['pull-requests', 'read']], ({ world, params: [number] }) => {
    const pull = world.pulls.get(Number(number))
    return pull === undefined
      ? NOT_FOUND
      : ok({ number: Number(number), state: pull.state, head: { sha: pull.headSha } })
  }),
  endpoint('GET', '/actions/runs/(\\d+)', [['actions', 'read']], ({ world, params: [id] }) => {
    const run = world.runs.get(Number(id))
    return run === undefined ? NOT_FOUND : ok({ id: Number(id), status: run.status, run_attempt: run.attempt })
  }),
  endpoint('GET', '/issues/(\\d+)/comments', COMMENTS, ({ world, params: [number], query }) =>
    page(
      world.comments.filter((comment) => comment.number === Number(number)),
      query,
      commentJson,
    ),
  ),
  endpoint('POST', '/issues/(\\d+)/comments', COMMENTING, ({ world, who, params: [number], body }) => {
    const text = String(body['body'] ?? '')
    if (text.length > 65_536) return invalid('body is too long (maximum is 65536 characters)')
    const comment = { id: nextId(world.comments), number: Number(number), body: text, login: who.login }
    world.comments.push(comment)
    return created(commentJson(comment))
  }),
  endpoint('PATCH', '/issues/comments/(\\d+)', COMMENTING, ({ world, params: [id], body }) => {
    const comment = world.comments.find((one) => one.id === Number(id))
    if (comment === undefined) return NOT_FOUND
    comment.body = String(body['body'] ?? '')
    return ok(commentJson(comment))
  }),
  endpoint('GET', '/issues', [['issues', 'read']], ({ world, query }) => {
    const state = query.get('state') ?? 'open'
    return page(
      world.issues.filter((issue) => issue.state === state),
      query,
      issueJson,
    )
  }),
  endpoint('POST', '/issues', [['issues', 'write']], ({ world, who, body }) => {
    const number = world.issues.length + world.pulls.size + 1
    const [title, text] = [String(body['title'] ?? ''), String(body['body'] ?? '')]
    const issue = { number, title, body: text, state: 'open', login: who.login, reason: null }
    world.issues.push(issue)
    return created(issueJson(issue))
  }),
  endpoint('PATCH', '/issues/(\\d+)', [['issues', 'write']], ({ world, params: [number], body }) => {
    const issue = world.issues.find((one) => one.number === Number(number))
    if (issue === undefined) return NOT_FOUND
    issue.title = String(body['title'] ?? issue.title)
    issue.body = String(body['body'] ?? issue.body)
    issue.state = String(body['state'] ?? issue.state)
    issue.reason = (body['state_reason'] as string | undefined) ?? issue.reason
    return ok(issueJson(issue))
  }),
  endpoint('GET', '/deployments', [['deployments', 'read']], ({ world, query }) => {
    const wanted = ['environment', 'task', 'sha'] as const
    const fits = (one: Deployment) => wanted.every((name) => (query.get(name) ?? one[name]) === one[name])
    return page(world.deployments.filter(fits).toReversed(), query, deploymentJson)
  }),
  endpoint('POST', '/deployments', [['deployments', 'write']], ({ world, body }) => {
    if (![...world.pulls.values()].some(({ headSha }) => headSha === body['ref'])) {
      return invalid(`No ref found for: ${String(body['ref'])}`)
    }
    const deployment: Deployment = {
      id: nextId(world.deployments),
      sha: String(body['ref']),
      environment: String(body['environment'] ?? 'production'),
      task: String(body['task'] ?? 'deploy'),
      payload: body['payload'] ?? {},
      transient: body['transient_environment'] === true,
      statuses: [],
    }
    world.deployments.push(deployment)
    return created(deploymentJson(deployment))
  }),
  endpoint('GET', '/deployments/(\\d+)/statuses', [['deployments', 'read']], ({ world, params: [id], query }) => {
    const deployment = world.deployments.find((one) => one.id === Number(id))
    return deployment === undefined ? NOT_FOUND : page(deployment.statuses.toReversed(), query, (status) => status)
  }),
  endpoint('POST', '/deployments/(\\d+)/statuses', [['deployments', 'write']], ({ world, params: [id], body }) => {
    const deployment = world.deployments.find((one) => one.id === Number(id))
    if (deployment === undefined) return NOT_FOUND
    const text = (name: string) => String(body[name] ?? '')
    if (text('description').length > 140) return invalid('description is too long (maximum is 140 characters)')
    const status = {
      state: text('state'),
      environment_url: text('environment_url'),
      log_url: text('log_url'),
      description: text('description'),
    }
    deployment.statuses.push(status)
    return created(status)
  }),
]

/** The one GraphQL query that is asked: who wrote these. */
export function answerGraphql({ world, who, body }: Omit<Asked, 'params' | 'query'>): Answer {
  const { ids = [] } = (body['variables'] ?? {}) as { ids?: string[] }
  const all = [...world.comments.map(commentJson), ...world.issues.map(issueJson)]
  const nodes = ids.map((id) => {
    const found = all.find(({ node_id }) => node_id === id)
    return found === undefined ? null : { id, viewerDidAuthor: found.user.login === who.login }
  })
  return ok({ data: { nodes } })
}

function endpoint(method: string, path: string, rights: Right[], answer: Endpoint['answer']): Endpoint {
  return { method, path: new RegExp(`^${path}$`), rights, answer }
}

const commentJson = ({ id, body, login }: Comment) => ({ id, node_id: `IC_${id}`, body, user: { login } })

const issueJson = ({ number, title, body, state, login, reason }: Issue) => ({
  ...{ id: number, node_id: `I_${number}`, number, title, body, state },
  ...{ state_reason: reason, user: { login } },
})

const deploymentJson = ({ id, sha, environment, task, payload, transient }: Deployment) => ({
  ...{ id, node_id: `D_${id}`, sha, ref: sha, environment, task, payload },
  transient_environment: transient,
})

function invalid(message: string): Answer {
  return { status: 422, body: { message: 'Validation Failed', errors: [{ message }] } }
}

function page<T>(list: T[], query: URLSearchParams, json: (item: T) => unknown): Answer {
  const size = Number(query.get('per_page') ?? 30)
  const at = Number(query.get('page') ?? 1)
  const more = list.length > at * size
  return { ...ok(list.slice((at - 1) * size, at * size).map(json)), next: more ? at + 1 : undefined }
}

function nextId(list: { id: number }[]): number {
  return Math.max(100, ...list.map(({ id }) => id)) + 1
}
