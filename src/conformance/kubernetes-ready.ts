import type { KubernetesNode } from '../kubernetes/distribution.ts'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function kubernetesReady({ cluster, expectedNodes, kubernetesVersion }: ConformanceContext): Probe {
  return {
    id: 'kubernetes-ready',
    sentence: 'Kubernetes is ready on each node, in the expected version.',
    deadlineMs: 120_000,
    async ask() {
      return judgeKubernetes((await cluster()).nodes, expectedNodes, kubernetesVersion)
    },
  }
}

/** Ready means by a fresh Lease: a node's own condition may be as old as a restored snapshot. */
export function judgeKubernetes(nodes: KubernetesNode[], expected: string[], version: string | undefined): Verdict {
  const wanted = version === undefined ? undefined : upstream(version)
  const problems = expected.flatMap((name) => {
    const node = nodes.find((candidate) => candidate.name === name)
    if (node === undefined) return [`${name}: not in the cluster`]
    const since = node.leaseRenewedAt === undefined ? 'no Lease' : `Lease renewed ${node.leaseRenewedAt.toISOString()}`
    return [
      ...(node.ready ? [] : [`${name}: not ready (${since})`]),
      ...(wanted === undefined || upstream(node.version) === wanted ? [] : [`${name}: runs ${node.version}`]),
    ]
  })
  if (expected.length === 0) problems.push('there are no nodes')
  const versions = [...new Set(nodes.map((node) => node.version))]
  if (versions.length > 1) problems.push(`versions differ: ${versions.join(', ')}`)
  if (problems.length === 0) return { ok: true, evidence: `${expected.length} nodes ready, ${versions[0] ?? ''}` }
  return { ok: false, evidence: [...problems, ...(wanted ? [`expected ${wanted}`] : [])].join('; ') }
}

/** "v1.32.6" of "v1.32.6-rancher1-1" and "v1.32.6+rke2r1". */
function upstream(version: string): string {
  return version.replace(/[-+].*$/, '')
}
