import { type Answer, type Asked, ask, type Target } from './request.ts'

/** Rancher as its users reach it: through the load balancer, by its name, over verified TLS. */
export interface RancherClient {
  readonly target: Target
  ask(path: string, asked?: Asked): Promise<Answer>
  /** Logs in at the newest endpoint this Rancher has, which is said. A refusal is an answer, not an error. */
  login(credentials: { username: string; password: string }, signal?: AbortSignal): Promise<Login>
}

export type Login = { endpoint: string; status: number; token: string | undefined }

const NEW_ENDPOINT = '/v1-public/login'
/** Deprecated; behind the feature flag `v3-public` since 2.14. */
const OLD_ENDPOINT = '/v3-public/localProviders/local?action=login'

export function openClient(target: Target): RancherClient {
  return {
    target,
    ask: (path, asked) => ask(target, path, asked),
    async login(credentials, signal) {
      const asked = { method: 'POST', ...(signal && { signal }) } as const
      const body = { ...credentials, responseType: 'json' }
      const first = await ask(target, NEW_ENDPOINT, { ...asked, json: { type: 'localProvider', ...body } })
      if (!isAbsent(first)) return { endpoint: NEW_ENDPOINT, ...loginOf(first) }
      const second = await ask(target, OLD_ENDPOINT, { ...asked, json: body })
      return { endpoint: OLD_ENDPOINT, ...loginOf(second) }
    },
  }
}

/** Rancher before 2.13 has no `/v1-public`; its API or its user interface answers there instead. */
function isAbsent({ status }: Answer): boolean {
  return status === 404 || status === 405
}

function loginOf({ status, body }: Answer): Pick<Login, 'status' | 'token'> {
  const token = /^\s*\{/.test(body) ? (parsed(body) as { token?: unknown })?.token : undefined
  return { status, token: typeof token === 'string' && token !== '' ? token : undefined }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
