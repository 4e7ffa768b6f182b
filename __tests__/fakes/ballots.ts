import type { Clock } from '../../src/clock.ts'
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
