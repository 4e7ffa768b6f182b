import { randomUUID } from 'node:crypto'
import type { Login } from '../rancher/client.ts'
import type { Answer } from '../rancher/request.ts'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function rancherAnswers({ client }: ConformanceContext): Probe {
  return {
    id: 'rancher-answers',
    sentence: 'Rancher answers ping, and its login refuses an unknown user.',
    deadlineMs: 120_000,
    async ask(signal) {
      const rancher = await client()
      const unknown = { username: `nobody-${randomUUID()}`, password: randomUUID() }
      const [ping, login] = await Promise.all([rancher.ask('/ping', { signal }), rancher.login(unknown, signal)])
      return judgeAnswers(ping, login)
    },
  }
}

/** 401 is what Rancher documents for a login it does not know; no password is needed to see it. */
export function judgeAnswers(ping: Pick<Answer, 'status' | 'body'>, login: Login): Verdict {
  const said = ping.body.trim().slice(0, 60)
  const ok = ping.status === 200 && said === 'pong' && login.status === 401 && login.token === undefined
  return { ok, evidence: `/ping answers ${ping.status} ${said}; ${login.endpoint} answers ${login.status}` }
}
