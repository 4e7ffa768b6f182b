import type { Answer } from '../rancher/request.ts'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function httpRedirects({ client, hostname }: ConformanceContext): Probe {
  return {
    id: 'http-redirects',
    sentence: 'HTTP on port 80 is redirected to HTTPS.',
    deadlineMs: 90_000,
    async ask(signal) {
      return judgeRedirect(await (await client()).ask('/', { plain: true, signal }), hostname)
    },
  }
}

const REDIRECTS = [301, 302, 303, 307, 308]

export function judgeRedirect({ status, headers }: Pick<Answer, 'status' | 'headers'>, hostname: string): Verdict {
  const { location } = headers
  const evidence = `http://${hostname}/ answers ${status}${location === undefined ? '' : ` to ${location}`}`
  if (!REDIRECTS.includes(status) || location === undefined || !URL.canParse(location)) return { ok: false, evidence }
  const url = new URL(location)
  return { ok: url.protocol === 'https:' && url.hostname === hostname && url.port === '', evidence }
}
