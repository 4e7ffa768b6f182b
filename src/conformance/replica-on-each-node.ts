import type { V1Pod } from '@kubernetes/client-node'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function replicaOnEachNode({ kube, expectedNodes }: ConformanceContext): Probe {
  return {
    id: 'replica-on-each-node',
    sentence: 'Each node runs a ready replica of Rancher.',
    deadlineMs: 180_000,
    async ask() {
      const pods = await (await kube()).list<V1Pod>(RANCHER_PODS, 'app=rancher')
      return judgeReplicas(pods, expectedNodes)
    },
  }
}

export const RANCHER_PODS = { apiVersion: 'v1', kind: 'Pod', namespace: 'cattle-system' }

export function judgeReplicas(pods: V1Pod[], expected: string[]): Verdict {
  const ready = pods.filter(isReady)
  const on = (node: string) => ready.filter(({ spec }) => spec?.nodeName === node)
  const without = expected.filter((node) => on(node).length === 0)
  const seen = expected.map((node) => `${node}: ${on(node)[0]?.metadata?.name ?? 'none ready'}`).join('; ')
  return { ok: expected.length > 0 && without.length === 0, evidence: seen || 'no node is known' }
}

export function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
