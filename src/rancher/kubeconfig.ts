import { readFile, rm } from 'node:fs/promises'
import type { RancherClient } from './client.ts'
import { type Answer, ask } from './request.ts'

/** Where Rancher passes requests on to the API of the cluster it runs on. */
const PROXY = '/k8s/clusters/local'
const LOGOUT = '/v3/tokens?action=logout'
const POST_DEADLINE_MS = 5_000

/** By what Rancher lets us in: a token that was given, or the admin's first password while it is still that. */
export type Key = { token: string } | { password: string }

export type Asked = {
  client: RancherClient
  key: Key
  /** Told beside the token in Rancher's list of keys. */
  description: string
  ttlMs: number
  /** Registers a secret with the runner's log masking. */
  mask: (secret: string) => void
  signal: AbortSignal
}

/** A kubeconfig, or why there is none. */
export type Kubeconfig = { text: string } | { why: string }

/**
 * A kubeconfig through Rancher, with a token of its own that ends after `ttlMs` at the latest; tried once before it is
 * given. Rancher may shorten the time (setting auth-token-max-ttl-minutes).
 *
 * @throws the system's error when Rancher does not answer
 */
export async function makeKubeconfig({ client, key, description, ttlMs, mask, signal }: Asked): Promise<Kubeconfig> {
  const session = await openSession(client, key, mask, signal)
  if ('why' in session) return session
  try {
    const json = { type: 'token', description, ttl: Math.floor(ttlMs) }
    const made = await client.ask('/v3/tokens', { method: 'POST', headers: bearer(session.token), json, signal })
    const token = tokenOf(made)
    if (token === undefined) return { why: `Rancher made no token: it answered ${made.status}` }
    mask(token)
    const tried = await client.ask(`${PROXY}/version`, { headers: bearer(token), signal })
    if (tried.status === 200) return { text: render(client, token) }
    await client.ask(LOGOUT, { method: 'POST', headers: bearer(token), json: {}, signal })
    return { why: `${PROXY} answered ${tried.status}` }
  } finally {
    if (session.ends) await client.ask(LOGOUT, { method: 'POST', headers: bearer(session.token), json: {}, signal })
  }
}

/**
 * Ends the token of a kubeconfig and removes the file, which is there no more when this was done before.
 *
 * @returns what there is to tell
 */
export async function endKubeconfig(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(absent)
  if (text === undefined) return undefined
  await rm(path, { force: true })
  const { server, ca, token } = parse(text)
  const { hostname, port } = new URL(server)
  const ports = { http: 80, https: Number(port || 443) }
  const asked = { method: 'POST', headers: bearer(token), json: {}, deadlineMs: POST_DEADLINE_MS } as const
  const status = await ask({ hostname, address: hostname, ca, ports }, LOGOUT, asked).then(
    (answer) => answer.status,
    (error: Error) => error.message,
  )
  return status === 200 || status === 204
    ? 'ended the token of the kubeconfig and removed the file'
    : `removed the kubeconfig; its token ends by itself (logging out: ${status})`
}

/** A session of ours is ended again; a token that was given is not ours to end. */
async function openSession(
  client: RancherClient,
  key: Key,
  mask: Asked['mask'],
  signal: AbortSignal,
): Promise<{ token: string; ends: boolean } | { why: string }> {
  if ('token' in key) return { token: key.token, ends: false }
  mask(key.password)
  const { status, token } = await client.login({ username: 'admin', password: key.password }, signal)
  if (token === undefined) return { why: `Rancher answered ${status} to a login with the first password` }
  mask(token)
  return { token, ends: true }
}

/** JSON, which YAML is a superset of: kubectl reads it, and post without a parser of YAML. */
function render({ target: { hostname, ca } }: RancherClient, token: string): string {
  const authority = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const name = 'rancher'
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://${hostname}${PROXY}`, ...authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
  return `${JSON.stringify(kubeconfig, null, 2)}\n`
}

type Rendered = {
  clusters: [{ cluster: { server: string; 'certificate-authority-data'?: string } }]
  users: [{ user: { token: string } }]
}

function parse(text: string): { server: string; ca: string | undefined; token: string } {
  const { clusters, users } = JSON.parse(text) as Rendered
  const { server, 'certificate-authority-data': authority } = clusters[0].cluster
  const ca = authority === undefined ? undefined : Buffer.from(authority, 'base64').toString('utf8')
  return { server, ca, token: users[0].user.token }
}

function tokenOf({ status, body }: Answer): string | undefined {
  if (status !== 201 && status !== 200) return undefined
  const { token } = JSON.parse(body) as { token?: unknown }
  return typeof token === 'string' && token !== '' ? token : undefined
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
