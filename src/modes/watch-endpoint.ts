import { setTimeout as pause } from 'node:timers/promises'
import type { RancherClient } from '../rancher/client.ts'
import type { Report } from '../report/report.ts'

const EVERY_MS = 1_000
const ANSWER_MS = 5_000

/** One question to Rancher through the load balancer. */
export type Asked = { atMs: number; answeredAtMs: number; ok: boolean; said: string }

/** How Rancher was to be had while it was watched. */
export type Presence = {
  asked: number
  failed: number
  /** From the first question of a row that was not answered to the next that was, the longest and all together. */
  longestGapMs: number
  awayMs: number
  /** What was said in the place of an answer, each once. */
  said: string[]
}

export interface EndpointWatch extends AsyncDisposable {
  seen(): Presence
}

/** Asks Rancher for a sign of life once a second, on a new connection each time, until it is closed. */
export function watchEndpoint(client: RancherClient): EndpointWatch {
  const over = new AbortController()
  const asked: Asked[] = []
  const watching = (async () => {
    while (!over.signal.aborted) {
      const one = await askOnce(client, over.signal)
      if (!over.signal.aborted) asked.push(one)
      await pause(Math.max(0, EVERY_MS - (one.answeredAtMs - one.atMs)), undefined, { signal: over.signal }).catch(
        () => undefined,
      )
    }
  })()
  return {
    seen: () => presenceOf(asked),
    async [Symbol.asyncDispose]() {
      over.abort()
      await watching
    },
  }
}

async function askOnce(client: RancherClient, signal: AbortSignal): Promise<Asked> {
  const atMs = performance.now()
  try {
    const { status, body } = await client.ask('/ping', { signal, deadlineMs: ANSWER_MS })
    const ok = status === 200 && body.trim() === 'pong'
    return { atMs, answeredAtMs: performance.now(), ok, said: ok ? '' : `status ${status}` }
  } catch (thrown) {
    return { atMs, answeredAtMs: performance.now(), ok: false, said: (thrown as Error).message }
  }
}

/** Pure. A row of failures that has not ended yet counts to its last question. */
export function presenceOf(asked: Asked[]): Presence {
  const gaps: number[] = []
  let since: number | undefined
  for (const { atMs, answeredAtMs, ok } of asked) {
    if (ok && since !== undefined) gaps.push(answeredAtMs - since)
    since = ok ? undefined : (since ?? atMs)
  }
  const last = asked.at(-1)
  if (since !== undefined && last !== undefined) gaps.push(last.answeredAtMs - since)
  return {
    asked: asked.length,
    failed: asked.filter(({ ok }) => !ok).length,
    longestGapMs: Math.round(Math.max(0, ...gaps)),
    awayMs: Math.round(gaps.reduce((sum, gap) => sum + gap, 0)),
    said: [...new Set(asked.filter(({ ok }) => !ok).map(({ said }) => said))],
  }
}

/** "asked 241 times for /ping, 3 were not answered; away for 4.1 s in all, 4.1 s at the longest". Pure. */
export function formatPresence({ asked, failed, longestGapMs, awayMs, said }: Presence): string {
  if (failed === 0) return `asked ${asked} times for /ping through the load balancer, each was answered`
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  return `asked ${asked} times for /ping through the load balancer, ${failed} were not answered (${said.join('; ')}); away for ${seconds(awayMs)} in all, ${seconds(longestGapMs)} at the longest`
}

/** In the log, and in the summary. */
export function tellPresence(report: Pick<Report, 'line' | 'table'>, presence: Presence): void {
  report.line(`Rancher during the upgrade: ${formatPresence(presence)}.`)
  const { asked, failed, longestGapMs, awayMs } = presence
  report.table({
    title: 'Rancher during the upgrade',
    header: ['', ''],
    rows: [
      ['Asked through the load balancer, once a second', `${asked} times`],
      ['Not answered', `${failed} times`],
      ['Longest gap', `${(longestGapMs / 1000).toFixed(1)} s`],
      ['Away in all', `${(awayMs / 1000).toFixed(1)} s`],
    ],
  })
}
