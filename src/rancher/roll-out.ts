import type { V1Deployment, V1Pod, V1ReplicaSet } from '@kubernetes/client-node'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'

/** How far a change of Rancher's pods is. */
export type RollOut = {
  /** Replicas asked for. */
  wanted: number
  /** Pods that are ready now, of whatever version. */
  ready: number
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
    waiting: waitingOf(pod),
  }
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
/** The chart's startup probe gives 2 minutes (5 s, then 12 × 10 s), and a slow node a second start. */
const READY_MS = 6 * 60_000

/** Why the new pods will not come, if they will not; no need to wait for Helm's own deadline then. Pure. */
export function hopeless({ newest }: RollOut, now: Date): string | undefined {
  const lost = newest.flatMap((pod) => {
    const why = whyHopeless(pod, now.getTime() - (pod.createdAt?.getTime() ?? now.getTime()))
    return why === undefined ? [] : [`${pod.name}${pod.node === '' ? '' : ` on ${pod.node}`}: ${why}`]
  })
  return lost.length === 0 ? undefined : lost.join('\n')
}

function whyHopeless({ ready, waiting, restarts }: NewPod, ageMs: number): string | undefined {
  if (ready) return undefined
  const said = waiting === undefined ? '' : `${waiting.reason}${waiting.message === '' ? '' : `: ${waiting.message}`}`
  if (waiting !== undefined && NEVER.includes(waiting.reason)) return said
  if (waiting !== undefined && NO_IMAGE.includes(waiting.reason) && ageMs > IMAGE_MS) return said
  if (restarts >= CRASHES) return `it ended ${restarts} times${said === '' ? '' : `; ${said}`}`
  if (ageMs <= READY_MS) return undefined
  return `not ready within ${READY_MS / 60_000} minutes${said === '' ? '' : `; ${said}`}`
}
