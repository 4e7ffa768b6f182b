import type { NodeProgress } from '../distribution.ts'

/** What is known of an upgrade while it goes on. */
export type Followed = {
  nodes: NodeProgress[]
  /** Since when a node is red, in ms, and what it was last. */
  redSince: Record<string, number>
}

export const NOTHING_YET: Followed = { nodes: [], redSince: {} }

/**
 * How long a node may be red on its way to another version. In the lab one takes 24 s for its control plane and 12 s for
 * its kubelet; rke itself waits 50 s for each of the three parts of a control plane (10 × 5 s, services/healthcheck.go),
 * after which it ends by itself.
 */
export const RED_MS = 180_000

/** With fewer healthy members than a quorum nothing can be written, and rke would take the next member down all the same. */
export const NO_QUORUM_MS = 30_000

/**
 * One look after the other: what changed, and why rke has to be ended, if it has. Pure.
 *
 * rke looks for one healthy etcd member in all before it restarts the next one (services/etcdplane.go, 1.8.5), and not
 * at all whether a node is Ready by a fresh Lease: a first node that stays red would not stop it.
 */
export function follow(
  before: Followed,
  nodes: NodeProgress[],
  atMs: number,
): { now: Followed; lines: string[]; end: string | undefined } {
  const redSince = Object.fromEntries(
    nodes.flatMap(({ node, red }) => (red.length === 0 ? [] : [[node, before.redSince[node] ?? atMs]])),
  ) as Record<string, number>
  return {
    now: { nodes, redSince },
    lines: nodes.flatMap((node) => changes(node, before, atMs)),
    end: tooRed(nodes, redSince, atMs) ?? tooFew(nodes, redSince, atMs),
  }
}

function changes(now: NodeProgress, { nodes, redSince }: Followed, atMs: number): string[] {
  const last = nodes.find(({ node }) => node === now.node)
  if (last === undefined) return []
  const since = redSince[now.node]
  const seconds = since === undefined ? 0 : Math.round((atMs - since) / 1000)
  return [
    ...(now.apiServer !== undefined && last.apiServer !== undefined && now.apiServer !== last.apiServer
      ? [`${now.node}: API server ${now.apiServer}`]
      : []),
    ...(now.kubelet !== undefined && last.kubelet !== undefined && now.kubelet !== last.kubelet
      ? [`${now.node}: kubelet ${now.kubelet}`]
      : []),
    ...(now.red.length === 0 && since !== undefined ? [`${now.node}: whole again after ${seconds} s`] : []),
    ...(now.red.length > 0 && now.red.join() !== last.red.join() ? [`${now.node}: ${now.red.join('; ')}`] : []),
  ]
}

function tooRed(nodes: NodeProgress[], redSince: Record<string, number>, atMs: number): string | undefined {
  const stuck = nodes.filter(({ node }) => atMs - (redSince[node] ?? atMs) > RED_MS)
  if (stuck.length === 0) return undefined
  return stuck.map(({ node, red }) => `${node} is not well for ${RED_MS / 1000} s: ${red.join('; ')}`).join('\n')
}

function tooFew(nodes: NodeProgress[], redSince: Record<string, number>, atMs: number): string | undefined {
  const down = nodes.filter(({ red }) =>
    red.some((why) => why.startsWith('etcd:') || why.startsWith('does not answer')),
  )
  const left = nodes.length - down.length
  if (left > nodes.length / 2) return undefined
  const sinceAll = Math.max(...down.map(({ node }) => redSince[node] ?? atMs))
  if (atMs - sinceAll <= NO_QUORUM_MS) return undefined
  return `etcd has ${left} of ${nodes.length} members for ${NO_QUORUM_MS / 1000} s: ${down.map(({ node, red }) => `${node}: ${red.join('; ')}`).join('\n')}`
}
