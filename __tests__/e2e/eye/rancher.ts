import { curl, type View } from './web.ts'

/** A bearer token by Rancher's own login. */
export async function login(view: View, password: string): Promise<string> {
  const path = '/v3-public/localProviders/local?action=login'
  const body = JSON.stringify({ username: 'admin', password, responseType: 'json' })
  const answer = await curl(
    view,
    path,
    '--request',
    'POST',
    '--header',
    'content-type: application/json',
    '--data',
    body,
  )
  if (answer.status !== 201) throw new Error(`login: ${answer.status} ${answer.body} ${answer.error}`)
  return (JSON.parse(answer.body) as { token: string }).token
}

/** Writes a marker where Rancher keeps its data: a setting nobody else uses. */
export async function writeMarker(view: View, password: string, marker: string): Promise<void> {
  const header = `authorization: Bearer ${await login(view, password)}`
  const data = ['--header', 'content-type: application/json', '--data', JSON.stringify({ value: marker })]
  const answer = await curl(view, '/v3/settings/ui-pl', '--request', 'PUT', '--header', header, ...data)
  if (answer.status !== 200) throw new Error(`marker: ${answer.status} ${answer.body} ${answer.error}`)
}

/** The marker as Rancher tells it. */
export async function readMarker(view: View, password: string): Promise<string> {
  const header = `authorization: Bearer ${await login(view, password)}`
  const answer = await curl(view, '/v3/settings/ui-pl', '--header', header)
  return (JSON.parse(answer.body) as { value: string }).value
}

/** A downstream cluster as a person makes one; its id. It waits for its agents for ever. */
export async function createDownstream(view: View, password: string, name: string): Promise<string> {
  const header = `authorization: Bearer ${await login(view, password)}`
  const data = ['--header', 'content-type: application/json', '--data', JSON.stringify({ type: 'cluster', name })]
  const answer = await curl(view, '/v3/clusters', '--request', 'POST', '--header', header, ...data)
  if (answer.status !== 201) throw new Error(`cluster: ${answer.status} ${answer.body} ${answer.error}`)
  return (JSON.parse(answer.body) as { id: string }).id
}
