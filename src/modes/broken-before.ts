import type { UpgradeRun } from '../run.ts'
import { askStack, throwBroken } from './prove.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import { isOutside } from './way-back.ts'

/** What does not say yes within it does not hold now. */
const LOOK_MS = 20_000

/**
 * What is broken before anything is changed: only what stands outside of the cluster may be. What an upgrade that was
 * ended left half-done is not: it has to hold afterwards.
 *
 * @returns ids of the sentences that may stay broken
 * @throws StackError that names what else is broken, when nothing was begun
 */
export async function brokenBefore(run: UpgradeRun, stack: Stack, seen: Seen, ask = askStack): Promise<string[]> {
  const { report } = run
  const nodeCount = seen.infrastructure.nodes.length
  const rows = await report.step('Ask what holds before the upgrade', () =>
    ask(run, stack, seen, { nodeCount, deadlineMs: LOOK_MS }),
  )
  const broken = rows.filter(({ ok }) => !ok)
  const outside = broken.filter(({ id }) => isOutside(id))
  for (const { sentence, evidence } of broken) report.line(`Broken before the upgrade: ${sentence} ${evidence}`)
  if (!isHalfDone(stack, seen))
    throwBroken(
      rows.filter(({ id }) => !isOutside(id)),
      seen,
      NEXT,
    )
  return outside.map(({ id }) => id)
}

const NEXT = 'Run mode install with the inputs of the stack: it brings back what is missing. Then upgrade.'

/** Whether an upgrade, or another change, was begun and not finished, as far as the rooms can tell. */
export function isHalfDone({ distribution }: Pick<Stack, 'distribution'>, seen: Seen): boolean {
  const { infrastructure, cluster, rancher } = seen
  if ((infrastructure.surplus ?? []).length > 0) return true
  if (distribution.isUnfinished(cluster)) return true
  const { release, deployment, certManager } = rancher
  if (release?.status !== 'deployed') return true
  if (certManager.release !== undefined && certManager.release.status !== 'deployed') return true
  if (distribution.upgrading(cluster) === undefined) return false
  return deployment === undefined || deployment.ready < deployment.replicas || deployment.updated < deployment.replicas
}
