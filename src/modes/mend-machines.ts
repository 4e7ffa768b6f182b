import { setTimeout as pause } from 'node:timers/promises'
import type { NodeLease } from '../remote/node-lease.ts'
import type { UpgradeRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

/** How long nodes that were started may take to be well again by themselves. */
const SETTLE_MS = 120_000

/**
 * An upgrade that lost a machine on its way starts it again, or makes it anew, before it goes on; its member is joined
 * again by the change of Kubernetes that was under way. An upgrade that begins now finds its machines or is refused.
 *
 * @returns what stands, under the lease
 */
export async function mendMachines(
  run: UpgradeRun,
  { stack, wanted }: { stack: Stack; wanted: WantedUpgrade },
  lease: NodeLease,
): Promise<Seen> {
  const { report, signal, clock, settings } = run
  const look = (afresh = false) => report.step('Look at what stands', () => stack.inspect({ afresh }))
  const seen = await look()
  if (stack.distribution.upgrading(seen.cluster) === undefined) return seen
  const { hostname, cluster } = wanted
  const steps = stack.infrastructure.plan(seen.infrastructure, { nodeCount: cluster.nodes.length, hostname })
  if (steps.length === 0) return seen
  await runSteps(steps, (change, held, stop) => stack.infrastructure.apply(change, held, stop), {
    lease,
    report,
    signal,
    clock,
    lastStart: settings.lastStart,
  })
  await look(true)
  const whole = await settle(run, stack)
  await Promise.all(stack.hosts.reached.map((host) => lease.admit(host)))
  return whole
}

async function settle({ report, clock, signal }: UpgradeRun, stack: Stack): Promise<Seen> {
  return report.step('Wait for the started nodes to join again', async () => {
    const end = clock.now() + SETTLE_MS
    for (;;) {
      const seen = await stack.inspect()
      const { nodes, etcd } = seen.cluster
      const down = [
        ...nodes.filter(({ ready }) => !ready).map(({ name }) => name),
        ...etcd.filter(({ healthy }) => !healthy).map(({ node }) => `etcd on ${node}`),
      ]
      if (down.length === 0 || clock.now() > end) return seen
      report.waitingFor(`${[...new Set(down)].join(', ')} to be well`)
      await pause(2_000, undefined, { signal })
    }
  })
}
