import type { UpgradeRun } from '../run.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

/**
 * A way back that was killed before it had put the data back left every replica of Rancher ended, and nobody else starts
 * them again.
 *
 * @returns what stands then
 */
export async function wakeRancher(
  { report }: UpgradeRun,
  { stack, wanted }: { stack: Stack; wanted: WantedUpgrade },
  seen: Seen,
): Promise<Seen> {
  const isUnderWay = stack.distribution.upgrading(seen.cluster) !== undefined
  if (!isUnderWay || seen.rancher.deployment?.replicas !== 0) return seen
  return await report.step('Start Rancher again, which a way back had ended', async () => {
    await stack.rancherAt(wanted.hostname).wake(await stack.api(), seen.infrastructure.nodes.length)
    return await stack.inspect()
  })
}
