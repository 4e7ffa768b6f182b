import { setTimeout as delay } from 'node:timers/promises'
import type { Hosts } from '../remote/host.ts'
import type { ConformanceContext } from './context.ts'
import { type Flows, readFlows } from './flows.ts'
import { holdConnections } from './held-connections.ts'
import type { Probe, Verdict } from './probe.ts'

/** Held per node and batch; a balancer by turns needs one batch, one by hash of the ports a few. */
const PER_NODE = 2
const BATCHES = 5
/** Longer than a health check stays. */
const STAY_MS = 500
/** How long a node may take to see that we let go; longer is waited only beside connections of others. */
const LET_GO_MS = 2_000

export function balancerForwards(context: ConformanceContext, port: 80 | 443): Probe {
  const { hosts, hostname, client } = context
  return {
    id: `balancer-forwards-${port}`,
    sentence: `The load balancer forwards TCP ${port} to every node.`,
    deadlineMs: 90_000,
    async ask(signal) {
      if (context.loadBalancer === undefined) return { ok: false, evidence: 'no load balancer is known' }
      const { address, ports } = (await client()).target
      const secure = port === 443
      const dialled = secure ? (ports?.https ?? 443) : (ports?.http ?? 80)
      const seen = await watch(hosts, port, { address, hostname, port: dialled, secure }, context, signal)
      return judgeForwarding(context.expectedNodes, port, seen)
    },
  }
}

/** What the nodes saw of the connections we held: for each node the far ends at four moments. */
export type Watched = {
  held: number
  failures: string[]
  /** By node; absent when the node could not be asked. */
  nodes: Map<string, { before: Flows; during: Flows; later: Flows; after: Flows }>
}

async function watch(
  hosts: Hosts,
  port: 80 | 443,
  place: Parameters<typeof holdConnections>[0],
  { expectedNodes }: ConformanceContext,
  signal: AbortSignal,
): Promise<Watched> {
  const look = () => lookAtAll(hosts, port, signal)
  const before = await look()
  let during = before
  let later = before
  let held = 0
  let failures: string[] = []
  {
    using connections = holdConnections(place)
    for (let batch = 1; batch <= BATCHES; batch++) {
      await connections.add(PER_NODE * expectedNodes.length, signal)
      during = await look()
      await delay(STAY_MS, undefined, { signal })
      later = await look()
      held = connections.open
      failures = connections.failures
      if (held === 0 || expectedNodes.every((name) => newIn(name, before, during, later).length > 0)) break
    }
  }
  const stayed = expectedNodes.map((name) => [name, newIn(name, before, during, later)] as const)
  const after = await lookUntilGone(look, stayed, held, signal)
  const nodes: Watched['nodes'] = new Map()
  for (const name of expectedNodes) {
    const [a, b, c, d] = [before, during, later, after].map((moment) => moment.get(name))
    if (a && b && c && d) nodes.set(name, { before: a, during: b, later: c, after: d })
  }
  return { held, failures, nodes }
}

/** Looks until as many as we held are gone: which of them were ours a node cannot tell before. */
async function lookUntilGone(
  look: () => Promise<Map<string, Flows>>,
  stayed: (readonly [string, string[]])[],
  held: number,
  signal: AbortSignal,
): Promise<Map<string, Flows>> {
  const end = Date.now() + LET_GO_MS
  for (;;) {
    const after = await look()
    const gone = stayed.flatMap(([name, flows]) => flows.filter((flow) => after.get(name)?.has(flow) === false))
    if (gone.length >= held || Date.now() > end) return after
    await delay(50, undefined, { signal })
  }
}

/** A node that cannot be asked is left out: its own sentence says why. */
async function lookAtAll(hosts: Hosts, port: 80 | 443, signal: AbortSignal): Promise<Map<string, Flows>> {
  const looks = await Promise.allSettled(
    hosts.reached.map(async (host) => [host.node.name, await readFlows(host, port, signal)] as const),
  )
  return new Map(looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : [])))
}

function newIn(name: string, ...[before, during, later]: Map<string, Flows>[]): string[] {
  const [a, b, c] = [before?.get(name), during?.get(name), later?.get(name)]
  return a && b && c ? [...b.difference(a).intersection(c)] : []
}

/**
 * Ours at a node is what came while we held on, stayed (a health check does not), and went when we let go
 * (another user's connection does not).
 */
export function judgeForwarding(expected: string[], port: number, { held, failures, nodes }: Watched): Verdict {
  const counts = expected.map((name) => {
    const seen = nodes.get(name)
    const ours = seen?.during.intersection(seen.later).difference(seen.before).difference(seen.after)
    return { name, ours: ours?.size }
  })
  const ok = counts.length > 0 && counts.every(({ ours }) => ours !== undefined && ours > 0)
  const each = counts.map(({ name, ours }) => `${name}: ${ours ?? 'could not be asked'}`).join(', ')
  const failed = failures.length === 0 ? '' : `; ${failures.length} failed (${[...new Set(failures)].join(', ')})`
  return { ok, evidence: `of ${held} connections held to port ${port}, seen at ${each}${failed}` }
}
