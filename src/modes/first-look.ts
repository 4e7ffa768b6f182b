import { setTimeout as pause } from 'node:timers/promises'
import type { Run } from '../run.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import { canElect } from './stack-case.ts'

/** Nodes that were all started a moment ago elect a leader within seconds; until then they look as if they had lost it. */
const ELECTION_MS = 60_000

/** What stands; a quorum that is not there, and could be, is looked for again before it counts as lost. */
export async function firstLook({ report, clock, signal }: Run, stack: Stack): Promise<Seen> {
  return report.step('Look at what stands', async () => {
    const end = clock.now() + ELECTION_MS
    for (;;) {
      const seen = await stack.inspect()
      const canCome = seen.cluster.state === 'quorum-lost' && canElect(seen, stack.distribution)
      if (!canCome || clock.now() > end) return seen
      report.waitingFor('etcd to elect a leader')
      await pause(3_000, undefined, { signal })
    }
  })
}
