import type { WantedInfrastructure } from '../infrastructure/infrastructure.ts'
import type { Run } from '../run.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'

/** What is to stand is known only now: a provider that has to look where new things would go is told, and looks again. */
export async function aim(
  { report }: Pick<Run, 'report'>,
  stack: Stack,
  seen: Seen,
  { hostname, nodeCount }: WantedInfrastructure,
): Promise<Seen> {
  const { infrastructure } = stack
  if (infrastructure.aim === undefined) return seen
  infrastructure.aim({ hostname, nodeCount })
  return report.step('Look where it is to stand', () => stack.inspect())
}
