import { type Client, createOnce } from './client.ts'

export type DeploymentState = 'in_progress' | 'success' | 'failure' | 'error' | 'inactive'

/** Which deployment: one an environment and commit. */
export type Place = { environment: string; stack: { name: string; owner: string }; sha: string }

export type Status = {
  state: DeploymentState
  /** In a browser, for GitHub's button "View deployment"; undefined while there is nothing to see. */
  url: string | undefined
  logUrl: string
  description: string
}

type Deployment = { id: number; sha: string; payload: unknown }

/** Sets the state of this commit's deployment, which is made if need be; a success takes the place of those before it. */
export async function putDeployment(client: Client, place: Place, status: Status): Promise<void> {
  const all = await deploymentsOf(client, place)
  const same = (list: Deployment[]) => list.find(({ sha }) => sha === place.sha)
  const deployment =
    same(all) ??
    (await createOnce(
      () => create(client, place),
      async () => same(await deploymentsOf(client, place)),
    ))
  await setState(client, deployment.id, status)
  if (status.state !== 'success') return
  // GitHub does this by itself for lasting environments only.
  const before = all.filter(({ id }) => id !== deployment.id)
  await setInactive(client, before, { ...status, description: 'A newer one took its place' })
}

/** Where deployments end: in one environment, or (undefined) in whichever the stack has any. */
export type Ended = { environment: string | undefined; stack: Place['stack'] }

/** Nothing of the stack stands any more. @returns how many deployments ended by that */
export async function endDeployments(client: Client, place: Ended, status: Omit<Status, 'state' | 'url'>) {
  return setInactive(client, await deploymentsOf(client, place), status)
}

/** What a killed run left in progress has failed. Deployments that got further stay as they are. */
export async function abandonDeployment(client: Client, place: Place, status: Omit<Status, 'state' | 'url'>) {
  const deployment = (await deploymentsOf(client, place)).find(({ sha }) => sha === place.sha)
  if (deployment === undefined || (await stateOf(client, deployment.id)) !== 'in_progress') return
  await setState(client, deployment.id, { ...status, state: 'error', url: undefined })
}

/** The newest first. A deployment to the same environment that another tool made is not ours. */
async function deploymentsOf({ octokit, owner, repo }: Client, { environment, stack }: Ended): Promise<Deployment[]> {
  const all = await octokit.paginate(octokit.rest.repos.listDeployments, {
    owner,
    repo,
    task: TASK,
    per_page: 100,
    ...(environment !== undefined && { environment }),
  })
  return all.filter(({ payload }) => isOf(stack, payload))
}

const TASK = 'deploy:rancher-ha'

function isOf(stack: Place['stack'], payload: unknown): boolean {
  const value = typeof payload === 'string' ? parsed(payload) : payload
  if (typeof value !== 'object' || value === null) return false
  const { stack: name, owner } = value as Record<string, unknown>
  return name === stack.name && owner === stack.owner
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function create({ octokit, owner, repo }: Client, { environment, stack, sha }: Place): Promise<Deployment> {
  const { data } = await octokit.rest.repos.createDeployment({
    owner,
    repo,
    ref: sha,
    task: TASK,
    environment,
    payload: { stack: stack.name, owner: stack.owner },
    description: `Rancher ${stack.name}`,
    // What is asked for is deployed whatever its checks say: this run may be one of them.
    auto_merge: false,
    required_contexts: [],
    transient_environment: true,
    production_environment: false,
  })
  if (!('id' in data)) throw new Error(`GitHub made no deployment: ${data.message ?? ''}`)
  return data
}

async function setState({ octokit, owner, repo }: Client, deployment_id: number, status: Status): Promise<void> {
  await octokit.rest.repos.createDeploymentStatus({
    owner,
    repo,
    deployment_id,
    state: status.state,
    log_url: status.logUrl,
    description: status.description.slice(0, 140),
    auto_inactive: false,
    ...(status.url !== undefined && { environment_url: status.url }),
  })
}

async function setInactive(client: Client, deployments: Deployment[], status: Omit<Status, 'state' | 'url'>) {
  let ended = 0
  for (const { id } of deployments) {
    if (OVER.has(await stateOf(client, id))) continue
    await setState(client, id, { ...status, state: 'inactive', url: undefined })
    ended += 1
  }
  return ended
}

const OVER = new Set(['inactive', 'failure', 'error'])

async function stateOf({ octokit, owner, repo }: Client, deployment_id: number): Promise<string> {
  const { data } = await octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id, per_page: 1 })
  return data[0]?.state ?? 'pending'
}
