import type { Clock } from '../clock.ts'
import { StackError } from '../errors.ts'
import type { Ballot } from './ballot.ts'
import type { Host } from './host.ts'
import type { NodeLease } from './lease.ts'
import {
  formatHolder,
  type Holder,
  hasMajority,
  isOthers,
  isOutvoted,
  parseRecord,
  renderRecord,
  renderVote,
} from './lease-record.ts'
import { pause } from './pause.ts'

/** The nodes that hold our record, and what exactly it says there. */
export type Copies = Map<string, { ballot: Ballot; content: string }>

export type Holding = {
  copies: Copies
  /** Lists of members; of each a majority must have renewed. */
  lists: string[][]
  members: string[]
  generation: number
  holder: Holder
  /** Before the first vote was cast. */
  startedAt: number
  clock: Clock
  log: (line: string) => void
  ballotOf: (host: Host) => Ballot
}

const RENEW_MS = 15_000
/** After a round without a majority. */
const RETRY_MS = 1000
/** Half a lease's life (LIFE_S): a holder has stopped long before anybody may take over. */
export const LOSS_MS = 30_000
/** The wall clock is looked at this often: timers stand still while a machine is suspended. */
const WATCH_MS = 1000

/** Renews a lease until it is closed or lost. */
export function holdLease(holding: Holding): NodeLease {
  const { copies, lists, members, generation, holder, clock, log } = holding
  const wanted = { generation, members, holder }
  const record = renderRecord(wanted)
  const lost = new AbortController()
  const closing = new AbortController()
  const over = AbortSignal.any([lost.signal, closing.signal])
  let renewedAt = holding.startedAt
  let cancelLoss = () => {}

  const lose = () => {
    if (over.aborted) return
    lost.abort(
      new StackError('lease', `The lease was lost: no majority of the nodes renewed it for ${LOSS_MS / 1000} s.`, {
        stands: 'What was started on the nodes is stopped half-way.',
        next: 'Look whether the nodes run and are reachable, then run again.',
      }),
    )
  }

  const loseWhenOld = () => {
    if (clock.now() - renewedAt >= LOSS_MS) lose()
  }

  const renewed = (startedAt: number) => {
    if (over.aborted || startedAt - renewedAt >= LOSS_MS) return
    renewedAt = startedAt
    cancelLoss()
    cancelLoss = clock.after(LOSS_MS - (clock.now() - startedAt), lose)
  }
  renewed(holding.startedAt)

  const round = async (): Promise<boolean> => {
    const startedAt = clock.now()
    const votes: string[] = []
    const reasons: string[] = []
    const renewals = [...copies].map(async ([node, copy]) => {
      const answer = await renew(copy, record, holder, generation)
      if ('why' in answer) {
        reasons.push(`${node}: ${answer.why}`)
        return
      }
      copy.content = answer.content
      votes.push(node)
      // A node that hangs must not keep the others' votes from counting.
      if (hasMajority(lists, votes)) renewed(startedAt)
    })
    await Promise.all(renewals)
    const isRenewed = hasMajority(lists, votes)
    if (!isRenewed && !over.aborted) {
      log(`The lease was renewed only on ${votes.join(', ') || 'no node'}. ${reasons.sort().join(' ')}`)
    }
    loseWhenOld()
    return isRenewed && !lost.signal.aborted
  }
  const queue = createQueue()

  // The first at once: what is tentative becomes a vote.
  const renewing = repeat(clock, over, async () => ((await queue(round)) ? RENEW_MS : RETRY_MS))
  const watching = repeat(clock, over, async () => {
    loseWhenOld()
    return WATCH_MS
  })

  return {
    holder: `${holder.run}/${holder.attempt}`,
    generation,
    session: holder.session,
    lost: lost.signal,

    async admit(host) {
      const ballot = holding.ballotOf(host)
      await queue(async () => {
        const { content } = await ballot.read()
        const left = isOthers(content, holder.session) ? parseRecord(content)?.holder : undefined
        if (left && !isOutvoted(content, holding)) {
          throw new StackError('lease', `${ballot.node} says another run holds the lease.`)
        }
        if (!(await round())) {
          throw new StackError('lease', `${ballot.node} gets no record of a lease that is not held.`)
        }
        // The node was away when that run lost its lease, and may go on with what it began.
        if (left) await ballot.endSession(left.session)
        const swap = await ballot.swap(content, renderVote(wanted, content))
        if (swap.swapped) copies.set(ballot.node, { ballot, content: swap.content })
      })
    },

    forget() {
      closing.abort()
      cancelLoss()
      copies.clear()
    },

    async [Symbol.asyncDispose]() {
      closing.abort()
      cancelLoss()
      await Promise.all([renewing, watching])
      await queue(() => release(holding))
    },
  }
}

/**
 * The record there may be ours though unexpected: the answer to an earlier renewal was lost.
 *
 * @returns what the node says now, or why it was not renewed there
 */
async function renew(
  { ballot, content }: { ballot: Ballot; content: string },
  record: string,
  { session }: Holder,
  generation: number,
): Promise<{ content: string } | { why: string }> {
  try {
    const first = await ballot.swap(content, record, false)
    if (first.swapped) return first
    const there = parseRecord(first.content)
    if (there?.holder?.session !== session || there.generation !== generation) {
      return { why: 'its record is another one.' }
    }
    const second = await ballot.swap(first.content, record, false)
    return second.swapped ? second : { why: 'its record changed meanwhile.' }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

async function release({ copies, members, generation, holder, log }: Holding): Promise<void> {
  const record = renderRecord({ generation, members, holder: null })
  const results = await Promise.allSettled(
    [...copies.values()].map(({ ballot, content }) => ballot.swap(content, record)),
  )
  const failed = [...copies.keys()].filter((_, index) => results[index]?.status === 'rejected')
  if (failed.length > 0) log(`The lease of ${formatHolder(holder)} stands on ${failed.join(', ')} until it expires`)
}

/** Calls `act` at once, and again and again until `over`, each time after the pause it asked for. */
async function repeat(clock: Clock, over: AbortSignal, act: () => Promise<number>): Promise<void> {
  while (!over.aborted) await pause(clock, await act(), over)
}

/** One after the other, so that no two rounds write over each other's copies. */
function createQueue(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (act) => {
    const next = last.then(act)
    last = next.then(
      () => undefined,
      () => undefined,
    )
    return next
  }
}
