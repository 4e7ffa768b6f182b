import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import { follow, NOTHING_YET } from './follow-upgrade.ts'
import { readProgress } from './progress.ts'

const EVERY_MS = 3_000

export type Watching = {
  log: (line: string) => void
  signal: AbortSignal
  /** Between two looks; default 3 s. */
  everyMs?: number
  /** Milliseconds of any origin. */
  now?: () => number
}

/**
 * Runs rke and looks at every node meanwhile; what changes is told. A node that stays red ends rke before it goes on to
 * the next one.
 *
 * @param work is given the signal that ends it
 * @throws StackError of kind `kubernetes` that names the nodes
 */
export async function whileWatched(
  hosts: Hosts,
  work: (signal: AbortSignal) => Promise<void>,
  { log, signal, everyMs = EVERY_MS, now = () => performance.now() }: Watching,
): Promise<void> {
  const stop = new AbortController()
  const over = new AbortController()
  const looking = watch(hosts, { log, everyMs, now, over: over.signal, end: (why) => stop.abort(stuck(why)) })
  try {
    await work(AbortSignal.any([signal, stop.signal]))
  } finally {
    over.abort()
    await looking
  }
}

async function watch(
  hosts: Hosts,
  {
    log,
    everyMs,
    now,
    over,
    end,
  }: Required<Omit<Watching, 'signal'>> & {
    over: AbortSignal
    end: (why: string) => void
  },
): Promise<void> {
  let followed = NOTHING_YET
  while (!over.aborted) {
    // Asking must not end the work: a node that is asked while it restarts may fail in any way.
    const nodes = await readProgress(hosts).catch((error: Error) =>
      log(`The nodes could not be asked: ${error.message}`),
    )
    if (over.aborted) return
    if (nodes !== undefined) {
      const { now: known, lines, end: why } = follow(followed, nodes, now())
      followed = known
      for (const line of lines) log(line)
      if (why !== undefined) return end(why)
    }
    await sleep(everyMs, undefined, { signal: over }).catch(() => undefined)
  }
}

function stuck(why: string): StackError {
  return new StackError('kubernetes', why, {
    stands: 'rke was ended before it went on to another node; what it had done stands.',
    next: 'Look at the node that is named, then run mode upgrade again: it goes on from what stands.',
    retry: true,
  })
}
