import type { V1Deployment, V1Pod, V1ReplicaSet } from '@kubernetes/client-node'

/** When the pods were made. */
export const BEGUN = new Date('2026-11-29T12:00:00Z')
export const at = (seconds: number) => new Date(BEGUN.getTime() + seconds * 1000)
const labels = (hash: string) => ({ app: 'rancher', 'pod-template-hash': hash })

export const deployment: V1Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'rancher', namespace: 'cattle-system' },
  spec: { replicas: 3, selector: {}, template: {} },
}
export const replicaSet = (hash: string, revision: number): V1ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: `rancher-${hash}`,
    namespace: 'cattle-system',
    labels: labels(hash),
    annotations: { 'deployment.kubernetes.io/revision': String(revision) },
  },
})
export type Given = {
  ready?: boolean
  since?: number
  restarts?: number
  waiting?: string
  unscheduled?: boolean
  node?: string
  /** Seconds after it was made at which its container was started. */
  started?: number
  /** Seconds its startup probe gives. */
  startup?: number
}
export const pod = (name: string, hash: string, given: Given = {}): V1Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'cattle-system', labels: labels(hash), creationTimestamp: BEGUN },
  spec: {
    containers: [
      {
        name: 'rancher',
        ...(given.startup !== undefined && {
          startupProbe: { periodSeconds: 10, failureThreshold: given.startup / 10 },
        }),
      },
    ],
    ...(given.unscheduled ? {} : { nodeName: given.node ?? 'node-1' }),
  },
  status: {
    ...(given.unscheduled ? {} : { startTime: at(1) }),
    conditions: given.unscheduled
      ? [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }]
      : [{ type: 'Ready', status: given.ready ? 'True' : 'False', lastTransitionTime: at(given.since ?? 2) }],
    containerStatuses: [
      {
        name: 'rancher',
        image: '',
        imageID: '',
        ready: given.ready ?? false,
        restartCount: given.restarts ?? 0,
        ...(given.waiting !== undefined && { state: { waiting: { reason: given.waiting, message: 'so it says' } } }),
        ...(given.started !== undefined && { state: { running: { startedAt: at(given.started) } } }),
      },
    ],
  },
})
