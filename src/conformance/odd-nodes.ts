import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function oddNodes({ cluster, expectedNodes }: ConformanceContext): Probe {
  return {
    id: 'odd-nodes',
    sentence: 'The cluster has an odd number of nodes, at least three.',
    deadlineMs: 60_000,
    async ask() {
      const { nodes } = await cluster()
      return judgeNodes(
        nodes.map(({ name }) => name),
        expectedNodes,
      )
    },
  }
}

/** @param members names Kubernetes knows; @param expected names the stack has */
export function judgeNodes(members: string[], expected: string[]): Verdict {
  const missing = expected.filter((name) => !members.includes(name))
  const foreign = members.filter((name) => !expected.includes(name))
  const evidence = [
    `${members.length} nodes: ${members.toSorted().join(', ') || 'none'}`,
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(foreign.length > 0 ? [`not of this stack: ${foreign.join(', ')}`] : []),
  ].join('; ')
  const ok = members.length >= 3 && members.length % 2 === 1 && missing.length === 0 && foreign.length === 0
  return { ok, evidence }
}
