import { StackError } from '../errors.ts'
import { readBootstrapPassword } from './bootstrap-secret.ts'
import type { RancherClient } from './client.ts'
import type { Kube } from './kube.ts'
import { type Look, until } from './until.ts'

export type FirstLogin = {
  kube: Kube
  client: RancherClient
  url: string
  /** Registers a secret with the runner's log masking. */
  mask: (secret: string) => void
  signal: AbortSignal
  log: (line: string) => void
}

const DEADLINE_MS = 5 * 60_000
const SETTING = '/v3/settings/server-url'
/** The admin is made a little after Rancher first answers; until then its password is refused too. */
const PATIENCE = 30

/**
 * Sets `server-url` with the first password, which stays as it is: a person changes it at the first login.
 * Rancher's webhook may refuse writes for a while after Rancher answers, so it is tried until it is so.
 *
 * @throws StackError of kind `rancher` when the password is no longer the first one
 */
export async function setServerUrl({ kube, client, url, mask, signal, log }: FirstLogin): Promise<void> {
  const password = await readBootstrapPassword(kube)
  mask(password)
  let refusals = 0
  await until({ what: `server-url is ${url}`, deadlineMs: DEADLINE_MS, signal, log }, async () => {
    const { status, token } = await client.login({ username: 'admin', password }, signal)
    if (status === 401) refusals += 1
    if (refusals === PATIENCE) return { ok: false, evidence: 'refused', fatal: giveUp(url) }
    if (token === undefined) return { ok: false, evidence: `the login answered ${status} without a token` }
    mask(token)
    return putSetting(client, token, url, signal)
  })
}

async function putSetting(client: RancherClient, token: string, url: string, signal: AbortSignal): Promise<Look> {
  const headers = { Authorization: `Bearer ${token}` }
  const json = { name: 'server-url', value: url }
  const put = await client.ask(SETTING, { method: 'PUT', headers, json, signal })
  const seen = await client.ask(SETTING, { headers, signal })
  await client.ask('/v3/tokens?action=logout', { method: 'POST', headers, json: {}, signal })
  const ok = seen.status === 200 && seen.body.includes(JSON.stringify(url))
  return { ok, evidence: ok ? 'set' : `PUT answered ${put.status}: ${put.body.slice(0, 200)}` }
}

function giveUp(url: string): StackError {
  return new StackError('rancher', 'Rancher refuses the first password, so server-url was not set.', {
    stands: 'Rancher is installed and answers.',
    next: `Set server-url to ${url} in the global settings.`,
  })
}
