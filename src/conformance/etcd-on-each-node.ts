import type { EtcdMember } from '../kubernetes/distribution.ts'
import { toleratedLosses } from '../quorum.ts'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function etcdOnEachNode({ cluster, etcd, expectedNodes }: ConformanceContext): Probe {
  return {
    id: 'etcd-on-each-node',
    sentence: 'Each node runs a member of one etcd cluster.',
    deadlineMs: 90_000,
    async ask() {
      const first = (await cluster()).etcd
      if (isSameRevision(first)) return judgeEtcd(expectedNodes, first, first)
      const there = new Set(first.map(({ node }) => node))
      const second = (await etcd()).filter(({ node }) => there.has(node))
      return judgeEtcd(expectedNodes, first, second)
    },
  }
}

/**
 * Each member as itself answered, in two readings one after the other. The head moves while members are
 * asked, so revisions need not be equal in one reading: by the second, each must have reached the highest
 * of the first.
 */
export function judgeEtcd(expected: string[], first: EtcdMember[], second: EtcdMember[]): Verdict {
  const healthy = second.filter(({ healthy }) => healthy)
  const losses = toleratedLosses(Math.max(expected.length, second.length), healthy.length)
  const problems = [
    ...absent(expected, second),
    ...second.filter(({ healthy }) => !healthy).map(({ node, problem }) => `${node}: ${problem ?? 'not healthy'}`),
    ...leaders(healthy),
    ...strangers(expected.length, healthy),
    ...behind(Math.max(0, ...first.map(({ revision }) => revision ?? 0)), healthy),
  ]
  const leader = healthy.find(({ leader }) => leader)?.node
  const head = Math.max(0, ...healthy.map(({ revision }) => revision ?? 0))
  const state = `${healthy.length} of ${expected.length} members healthy`
  const more = losses < 0 ? 'the quorum is lost' : `${losses} more may be lost`
  const agreed = problems.length === 0 ? [`${leader} leads`, `revision ${head} reached by all`] : problems
  return { ok: problems.length === 0, evidence: [state, ...agreed, more].join('; ') }
}

function isSameRevision(members: EtcdMember[]): boolean {
  return new Set(members.map(({ revision }) => revision)).size === 1
}

function absent(expected: string[], members: EtcdMember[]): string[] {
  const asked = new Set(members.map(({ node }) => node))
  return expected.filter((name) => !asked.has(name)).map((name) => `${name}: no member`)
}

function leaders(healthy: EtcdMember[]): string[] {
  const leading = healthy.filter(({ leader }) => leader).map(({ node }) => node)
  if (leading.length === 1) return []
  return [leading.length === 0 ? 'no leader' : `${leading.length} leaders: ${leading.join(', ')}`]
}

/** Members that do not know the same cluster, or one of another size, are not one cluster. */
function strangers(size: number, healthy: EtcdMember[]): string[] {
  const views = new Set(healthy.map(({ knows }) => knows.toSorted().join(', ')))
  if (views.size > 1) return [`members know different clusters: ${[...views].join(' | ')}`]
  const wrong = healthy.find(({ knows }) => knows.length !== size)
  return wrong === undefined ? [] : [`${wrong.node} knows ${wrong.knows.length} members, ${size} expected`]
}

function behind(head: number, healthy: EtcdMember[]): string[] {
  return healthy
    .filter(({ revision }) => revision === undefined || revision < head)
    .map(({ node, revision }) => `${node} is at revision ${revision ?? 'unknown'}, the head was ${head}`)
}
