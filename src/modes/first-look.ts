import { setTimeout as pause } from 'node:timers/promises'
import type { Run } from '../run.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import { canElect, caseOf } from './stack-case.ts'

/** For what comes by itself within moments, and until then looks as if it were lost. */
const PATIENCE_MS = 60_000

/** What stands; what is not there, and may be in a moment, is looked for again before it counts as lost. */
export async function firstLook({ report, clock, signal }: Run, stack: Stack): Promise<Seen> {
  return report.step('Look at what stands', async () => {
    const end = clock.now() + PATIENCE_MS
    for (;;) {
      const seen = await stack.inspect()
      const coming = whatMayCome(seen, stack.distribution)
      if (coming === undefined || clock.now() > end) return seen
      report.waitingFor(coming)
      await pause(3_000, undefined, { signal })
    }
  })
}

/**
 * A leader, of nodes that were all started a moment ago. An API server, after a machine has vanished: those that spoke to
 * its etcd wait for that one for half a minute (k8s.io/apiserver/pkg/storage/storagebackend/factory/etcd3.go, keepalive),
 * and a cluster that was whole is not to be built anew meanwhile.
 */
function whatMayCome(seen: Seen, distribution: Stack['distribution']): string | undefined {
  const { cluster } = seen
  if (cluster.state === 'quorum-lost') return canElect(seen, distribution) ? 'etcd to elect a leader' : undefined
  const found = caseOf(seen, distribution)
  const isSilent = found.kind === 'unfinished' && found.wasWhole && distribution.upgrading(cluster) === undefined
  return isSilent ? 'an API server to answer' : undefined
}
