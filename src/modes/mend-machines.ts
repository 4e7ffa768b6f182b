import { setTimeout as pause } from 'node:timers/promises'
import { throwRefusals } from '../errors.ts'
import type { NodeLease } from '../remote/lease.ts'
import type { UpgradeRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Step } from '../steps.ts'
import { aim } from './aim.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

/** How long nodes may take to be well again by themselves. */
const SETTLE_MS = 120_000

/**
 * An upgrade that lost a machine on its way starts it again, or makes it anew, before it goes on. While Kubernetes itself
 * is half-done, a node that is not well is brought there by the change that was under way; else it has to be well first.
 * An upgrade that begins now finds its machines or is refused.
 *
 * @returns what stands, under the lease
 * @throws StackError of kind `preflight` that names the nodes that are not well
 */
export async function mendMachines(
  run: UpgradeRun,
  { stack, wanted }: { stack: Stack; wanted: WantedUpgrade },
  lease: NodeLease,
): Promise<Seen> {
  const { distribution, infrastructure } = stack
  const first = await run.report.step('Look at what stands', () => stack.inspect())
  if (distribution.upgrading(first.cluster) === undefined) return first
  const { hostname, cluster } = wanted
  const machines = { nodeCount: cluster.nodes.length, hostname }
  const seen = await aim(run, stack, first, machines)
  const steps = infrastructure.plan(seen.infrastructure, machines)
  const now = steps.length === 0 ? seen : await changeMachines(run, stack, steps, lease)
  if (distribution.isUnfinished(now.cluster)) return now
  const settled = notWell(now, wanted).length === 0 ? now : await settle(run, stack, wanted)
  throwRefusals(notWell(settled, wanted).map(refusal))
  return settled
}

async function changeMachines(run: UpgradeRun, stack: Stack, steps: Step[], lease: NodeLease): Promise<Seen> {
  const { report, signal, clock, settings } = run
  await runSteps(steps, (change, held, stop) => stack.infrastructure.apply(change, held, stop), {
    lease,
    report,
    signal,
    clock,
    lastStart: settings.lastStart,
  })
  const seen = await report.step('Look at what stands', () => stack.inspect({ afresh: true }))
  await Promise.all(stack.hosts.reached.map((host) => lease.admit(host)))
  return seen
}

async function settle({ report, clock, signal }: UpgradeRun, stack: Stack, wanted: WantedUpgrade): Promise<Seen> {
  return report.step('Wait for the nodes to be well again', async () => {
    const end = clock.now() + SETTLE_MS
    for (;;) {
      const seen = await stack.inspect()
      const down = notWell(seen, wanted)
      if (down.length === 0 || clock.now() > end) return seen
      report.waitingFor(`${down.join(', ')} to be well`)
      await pause(2_000, undefined, { signal })
    }
  })
}

/** Names of the nodes that are not Ready, or whose etcd member is not healthy. */
function notWell({ cluster }: Seen, wanted: WantedUpgrade): string[] {
  return wanted.cluster.nodes
    .map(({ name }) => name)
    .filter((name) => {
      const isReady = cluster.nodes.some((node) => node.name === name && node.ready)
      return !(isReady && cluster.etcd.some(({ node, healthy }) => node === name && healthy))
    })
}

function refusal(name: string) {
  return {
    kind: 'preflight',
    subject: name,
    what: 'is not well, and the upgrade that was begun needs all nodes for what is left of it.',
    next: 'Run mode install with the inputs of the stack: it brings back what is missing. Then run mode upgrade again.',
  } as const
}
