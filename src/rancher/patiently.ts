import { setTimeout as pause } from 'node:timers/promises'

/** How long an API server is asked again that asks to come back later, in ms. */
const PATIENCE_MS = 20_000
/** Where it does not say when. */
const LATER_MS = 1_000

/** What the SDK throws for an answer that is no success; its headers are in lower case. */
type Refused = { code: number; headers: Record<string, string | undefined>; body?: unknown }

/**
 * Asks again for as long as the API server answers "429 Too Many Requests", which it does before anything is done: when it
 * has too much to do, and for kinds whose storage is being made, such as those Rancher has just brought. client-go waits
 * the same way (rest/with_retry.go). And when it has lost the etcd member it spoke to, of which it finds another.
 *
 * @param ask may be asked twice: whether it was done the first time is then not known
 * @throws what was thrown last
 */
export async function patiently<T>(ask: () => Promise<T>, now = () => performance.now(), wait = later): Promise<T> {
  const endsAt = now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (thrown) {
      if (!isRefused(thrown) || (thrown.code !== 429 && !hasLostEtcd(thrown))) throw thrown
      const afterMs = Number(thrown.headers['retry-after']) * 1_000 || LATER_MS
      if (now() + afterMs > endsAt) throw thrown
      await wait(afterMs)
    }
  }
}

/** In the words of etcd's client, which the API server hands on. */
function hasLostEtcd({ code, body }: Refused): boolean {
  const said = typeof body === 'string' ? body : JSON.stringify(body ?? '')
  return code === 500 && /code = Unavailable|etcdserver: (leader changed|request timed out|no leader)/.test(said)
}

async function later(ms: number): Promise<void> {
  await pause(ms)
}

function isRefused(thrown: unknown): thrown is Refused {
  return thrown instanceof Error && 'code' in thrown && 'headers' in thrown && typeof thrown.headers === 'object'
}
