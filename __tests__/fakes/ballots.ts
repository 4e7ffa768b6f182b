import type { Clock } from '../../src/clock.ts'
import { StackError } from '../../src/errors.ts'
import type { Ballot } from '../../src/remote/ballot.ts'
import { BOOT_MARK, UPTIME_MARK } from '../../src/remote/lease-record.ts'

/** A node that keeps a lease file in memory. */
export type LeaseNode = {
  name: string
  content: string
  /** Time of the clock at its last boot. */
  bootedAt: number
  boots: number
  /** Sessions that were ended on it. */
  ended: string[]
}

export function leaseNode(name: string): LeaseNode {
  return { name, content: '', bootedAt: -1_000_000, boots: 1, ended: [] }
}

/** A runner's way to such a node; `reach` throws when the way is cut, before and after the node acts. */
export function ballotOf(node: LeaseNode, clock: Clock, reach: () => Promise<void> = async () => undefined): Ballot {
  const uptimeS = () => (clock.now() - node.bootedAt) / 1000
  const bootId = () => `boot-${node.boots}`
  const over = async <T>(act: () => T): Promise<T> => {
    await reach()
    const answer = act()
    await reach()
    return answer
  }
  return {
    node: node.name,
    read: () => over(() => ({ node: node.name, content: node.content, uptimeS: uptimeS(), bootId: bootId() })),
    swap: (expected, next) =>
      over(() => {
        const swapped = node.content === expected
        if (swapped) node.content = next.replace(UPTIME_MARK, String(uptimeS())).replace(BOOT_MARK, bootId())
        return { swapped, content: node.content }
      }),
    endSession: (session) =>
      over(() => {
        node.ended.push(session)
        return 1
      }),
  }
}

/** A way that gives up what was not answered in time; the node may do it nevertheless. */
export function hasty(ballot: Ballot, clock: Clock, deadlineMs: number): Ballot {
  const within = async <T>(answer: Promise<T>): Promise<T> => {
    const late = Promise.withResolvers<never>()
    const cancel = clock.after(deadlineMs, () => late.reject(new StackError('ssh', 'Late.')))
    try {
      return await Promise.race([answer, late.promise])
    } finally {
      cancel()
    }
  }
  return {
    node: ballot.node,
    read: () => within(ballot.read()),
    swap: (...given) => within(ballot.swap(...given)),
    endSession: (session) => within(ballot.endSession(session)),
  }
}
