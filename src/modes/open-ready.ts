import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { StackError } from '../errors.ts'
import type { Api } from '../kubernetes/distribution.ts'

/** An API server whose etcd member has vanished is not ready until it has found another, half a minute later. */
const PATIENCE_MS = 60_000

/**
 * Opens the API of a cluster that runs; as long as no API server says it is ready, again.
 *
 * @throws what was thrown last, or the reason of `signal`
 */
export async function openReady(open: () => Promise<Api>, clock: Clock, signal: AbortSignal): Promise<Api> {
  const end = clock.now() + PATIENCE_MS
  for (;;) {
    try {
      return await open()
    } catch (thrown) {
      const mayCome = thrown instanceof StackError && thrown.retry
      if (!mayCome || clock.now() > end) throw thrown
      await pause(2_000, undefined, { signal })
    }
  }
}
