import type { CoreV1Event } from '@kubernetes/client-node'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'
import { redact } from './redact.ts'
import { type NewPod, readRollOut } from './roll-out.ts'

const EVENTS = 5
const LOG_LINES = 8
const PODS = 3

/**
 * What the newest pods of Rancher say of themselves: their state, the last warnings about them, and their last lines,
 * without what may be a secret. Never throws: what cannot be read is told as such.
 */
export async function whatWentWrong(kube: Kube): Promise<string[]> {
  try {
    const { newest } = await readRollOut(kube)
    const events = await kube.list<CoreV1Event>({ apiVersion: 'v1', kind: 'Event', namespace: NAMESPACE })
    const told = await Promise.all(
      newest
        .slice(0, PODS)
        .map(async (pod) => [
          formatPod(pod),
          ...warningsOf(events, pod.name).map((text) => `  event: ${redact(text)}`),
          ...(await lastLines(kube, pod)).map((text) => `  log: ${redact(text)}`),
        ]),
    )
    return told.flat()
  } catch (thrown) {
    return [`The pods of Rancher could not be asked: ${(thrown as Error).message}`]
  }
}

function formatPod({ name, node, ready, everReady, restarts, waiting }: NewPod): string {
  const state = ready ? 'ready' : everReady ? 'was ready, and is not any more' : 'was never ready'
  const why = waiting === undefined ? '' : `, ${waiting.reason}`
  return `pod ${name} on ${node || 'no node'}: ${state}${restarts > 0 ? `, restarted ${restarts} times` : ''}${why}`
}

/** The last warnings about an object, the newest last; each text once. Pure. */
export function warningsOf(events: CoreV1Event[], name: string): string[] {
  const about = events
    .filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning')
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`)
  return [...new Set(about)].slice(-EVENTS)
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime()
}

/** Of a container that was started again what the one before said, as long as the node keeps it: there stands the reason. */
async function lastLines(kube: Kube, { name, node, restarts }: NewPod): Promise<string[]> {
  if (node === '') return []
  const pod = { namespace: NAMESPACE, name, container: 'rancher' }
  try {
    const before = restarts > 0 ? await kube.tail(pod, { lines: LOG_LINES, previous: true }) : GONE
    const text = before.startsWith(GONE) ? await kube.tail(pod, { lines: LOG_LINES, previous: false }) : before
    return text.split('\n').filter((line) => line.trim() !== '')
  } catch (thrown) {
    return [`could not be read: ${(thrown as Error).message}`]
  }
}

/** What a kubelet answers, as if it were the log, for a container it has removed (kubelet_pods.go). */
const GONE = 'unable to retrieve container logs'
