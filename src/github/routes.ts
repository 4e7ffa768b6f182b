/** What a request is for, what it takes, and whether sending it twice does harm. */
export type Route = {
  /** Ends the sentence "GitHub refused to …". */
  doing: string
  /** What the job's `permissions` must hold for it. */
  permission: string
  /** Whether the same request may be sent again when nobody knows what became of the first. */
  repeatable: boolean
}

const REPOSITORY = '/repos/{owner}/{repo}'

/**
 * The requests of this project, by method and URL template.
 *
 * @see https://docs.github.com/rest/authentication/permissions-required-for-github-apps
 */
const ROUTES: Record<string, Route> = {
  [`GET ${REPOSITORY}/pulls/{pull_number}`]: route('read the pull request', 'pull-requests: read'),
  [`GET ${REPOSITORY}/issues/{issue_number}/comments`]: route('read the comments', 'pull-requests: read'),
  [`POST ${REPOSITORY}/issues/{issue_number}/comments`]: route('write the comment', 'pull-requests: write', false),
  [`PATCH ${REPOSITORY}/issues/comments/{comment_id}`]: route('change the comment', 'pull-requests: write'),
  [`GET ${REPOSITORY}/deployments`]: route('read the deployments', 'deployments: read'),
  [`POST ${REPOSITORY}/deployments`]: route('make the deployment', 'deployments: write', false),
  [`GET ${REPOSITORY}/deployments/{deployment_id}/statuses`]: route('read the deployment', 'deployments: read'),
  [`POST ${REPOSITORY}/deployments/{deployment_id}/statuses`]: route('change the deployment', 'deployments: write'),
  [`GET ${REPOSITORY}/issues`]: route('read the issues', 'issues: read'),
  [`POST ${REPOSITORY}/issues`]: route('open the issue', 'issues: write', false),
  [`PATCH ${REPOSITORY}/issues/{issue_number}`]: route('change the issue', 'issues: write'),
  [`GET ${REPOSITORY}/actions/runs/{run_id}`]: route('say whether a run has ended', 'actions: read'),
  'POST /graphql': route('ask who wrote a comment', 'pull-requests: read'),
}

/** @throws Error for a request this project does not know: its permission has to be written down first */
export function routeOf(method: string, url: string): Route {
  const path = url.startsWith('/') ? url : new URL(url).pathname
  const found = ROUTES[`${method} ${path}`] ?? pageOf(method, path)
  if (found === undefined) throw new Error(`no permission is known for ${method} ${path}`)
  return found
}

/** Every permission this project may ask for, for the docs. */
export function permissions(): Route[] {
  return Object.values(ROUTES)
}

/** A further page of a list comes with its URL filled in. */
function pageOf(method: string, path: string): Route | undefined {
  const names = Object.keys(ROUTES).filter((name) => name.startsWith(`${method} `))
  const name = names.find((one) => {
    const pattern = one.slice(method.length + 1).replaceAll(/\{\w+\}/g, '[^/]+')
    return (
      new RegExp(`${pattern}$`).test(path) ||
      new RegExp(`^/repositories/\\d+${pattern.slice('/repos/[^/]+/[^/]+'.length)}$`).test(path)
    )
  })
  return name === undefined ? undefined : ROUTES[name]
}

function route(doing: string, permission: string, repeatable = true): Route {
  return { doing, permission, repeatable }
}
