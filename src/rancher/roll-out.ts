import type { V1Deployment, V1Pod, V1ReplicaSet } from '@kubernetes/client-node'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'

/** How far a change of Rancher's pods is. */
export type RollOut = {
  /** Replicas asked for. */
  wanted: number
  /** Pods that are ready now, of whatever version. */
  ready: number
  /** Which template is the newest; undefined when there is none. */
  template: string | undefined
  /** Pods of the newest template. */
  newest: NewPod[]
}

export type NewPod = {
  name: string
  node: string
  createdAt: Date | undefined
  ready: boolean
  /** Whether it was ready at any time, also when it is not any more. */
  everReady: boolean
  restarts: number
  /** When its container was started last; undefined when it never was. */
  startedAt: Date | undefined
  /** What its startup probe gives it, in ms; 0 without one. */
  startupMs: number
  /** What keeps a container from running, as the kubelet or the scheduler says it; undefined when nothing does. */
  waiting: { reason: string; message: string } | undefined
}

/** Reads Rancher's roll-out; changes nothing. */
export async function readRollOut(kube: Kube): Promise<RollOut> {
  const [deployment, replicaSets, pods] = await Promise.all([
    kube.get<V1Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }),
    kube.list<V1ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace: NAMESPACE }, 'app=rancher'),
    kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }, 'app=rancher'),
  ])
  return rollOutOf(deployment, replicaSets, pods)
}

/** Pure. Pods that are being ended count for nothing. */
export function rollOutOf(deployment: V1Deployment | undefined, replicaSets: V1ReplicaSet[], pods: V1Pod[]): RollOut {
  const standing = pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  const newest = replicaSets.toSorted((a, b) => revisionOf(b) - revisionOf(a))[0]?.metadata?.labels?.[TEMPLATE]
  return {
    wanted: deployment?.spec?.replicas ?? 0,
    ready: standing.filter((pod) => readyCondition(pod)?.status === 'True').length,
    template: newest,
    newest: standing
      .filter(({ metadata }) => newest !== undefined && metadata?.labels?.[TEMPLATE] === newest)
      .map(newPod)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

const TEMPLATE = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

function revisionOf({ metadata }: V1ReplicaSet): number {
  return Number(metadata?.annotations?.[REVISION] ?? 0)
}

function newPod(pod: V1Pod): NewPod {
  const { metadata, spec, status } = pod
  const containers = status?.containerStatuses ?? []
  return {
    name: metadata?.name ?? '',
    node: spec?.nodeName ?? '',
    createdAt: metadata?.creationTimestamp && new Date(metadata.creationTimestamp),
    ready: readyCondition(pod)?.status === 'True',
    everReady: wasReady(pod),
    restarts: Math.max(0, ...containers.map(({ restartCount }) => restartCount)),
    startedAt: startOf(pod),
    startupMs: startupOf(pod),
    waiting: waitingOf(pod),
  }
}

/** Beside Rancher's own container stands one for its audit log, which says nothing of Rancher. */
const CONTAINER = 'rancher'

function startOf({ status }: V1Pod): Date | undefined {
  const state = status?.containerStatuses?.find(({ name }) => name === CONTAINER)?.state
  return state?.running?.startedAt && new Date(state.running.startedAt)
}

function startupOf({ spec }: V1Pod): number {
  const probe = spec?.containers.find(({ name }) => name === CONTAINER)?.startupProbe
  if (probe === undefined) return 0
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe
  return (initialDelaySeconds + periodSeconds * failureThreshold) * 1000
}

/** The kubelet writes both times within the same second or two. */
const FIRST_WRITE_MS = 5_000

/**
 * A condition keeps the time it last changed: Ready is made False when the kubelet takes the pod up, and one that is
 * False since later was True in between (kubelet, status/status_manager.go: the time moves only with the status).
 */
function wasReady(pod: V1Pod): boolean {
  const ready = readyCondition(pod)
  if (ready?.status === 'True') return true
  const [since, taken] = [ready?.lastTransitionTime, pod.status?.startTime]
  if (since === undefined || taken === undefined) return false
  return new Date(since).getTime() - new Date(taken).getTime() > FIRST_WRITE_MS
}

function readyCondition({ status }: V1Pod) {
  return status?.conditions?.find(({ type }) => type === 'Ready')
}

function waitingOf({ status }: V1Pod): NewPod['waiting'] {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting
  if (waiting?.reason !== undefined) return { reason: waiting.reason, message: waiting.message ?? '' }
  const unscheduled = status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled === undefined) return undefined
  return { reason: unscheduled.reason ?? 'Unschedulable', message: unscheduled.message ?? '' }
}

/** What no waiting mends. */
const NEVER = ['InvalidImageName', 'ErrImageNeverPull']
const NO_IMAGE = ['ErrImagePull', 'ImagePullBackOff', 'CreateContainerConfigError', 'RegistryUnavailable']
/** A registry may be busy for a while. */
const IMAGE_MS = 90_000
/** The third start in a row comes after 30 s; what ends three times ends a fourth time. */
const CRASHES = 3
/** Past its startup probe, which ends what does not start, a pod that is alive and not ready has this long. */
const STARTUPS = 3
const READY_MS = 6 * 60_000
/** Until its container is started at all: a place for it is found, its image is pulled over a slow line. */
const START_MS = 12 * 60_000

/** Why the new pods will not come, if they will not; no need to wait for Helm's own deadline then. Pure. */
export function hopeless({ newest }: RollOut, now: Date): string | undefined {
  const lost = newest.flatMap((pod) => {
    const why = whyHopeless(pod, now)
    return why === undefined ? [] : [`${pod.name}${pod.node === '' ? '' : ` on ${pod.node}`}: ${why}`]
  })
  return lost.length === 0 ? undefined : lost.join('\n')
}

function whyHopeless(
  { ready, waiting, restarts, createdAt, startedAt, startupMs }: NewPod,
  now: Date,
): string | undefined {
  if (ready) return undefined
  const said = waiting === undefined ? '' : `${waiting.reason}${waiting.message === '' ? '' : `: ${waiting.message}`}`
  const since = (date: Date | undefined) => now.getTime() - (date ?? now).getTime()
  const isOld = since(createdAt) > IMAGE_MS
  if (waiting !== undefined && NEVER.includes(waiting.reason)) return said
  if (waiting !== undefined && NO_IMAGE.includes(waiting.reason) && isOld) return said
  if (restarts >= CRASHES) return `it ended ${restarts} times${said === '' ? '' : `; ${said}`}`
  if (restarts > 0) return undefined
  const patienceMs = startedAt === undefined ? START_MS : Math.max(READY_MS, STARTUPS * startupMs)
  if (since(startedAt ?? createdAt) <= patienceMs) return undefined
  const what = startedAt === undefined ? 'not started' : 'not ready'
  return `${what} within ${Math.round(patienceMs / 60_000)} minutes${said === '' ? '' : `; ${said}`}`
}
