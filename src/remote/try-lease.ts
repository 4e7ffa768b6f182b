import type { Clock } from '../clock.ts'
import type { Ballot } from './ballot.ts'
import { type Copies, holdLease, LOSS_MS } from './hold-lease.ts'
import {
  type Found,
  formatHolder,
  type Holder,
  hasMajority,
  isOthers,
  judgeLease,
  type LeaseVerdict,
  parseRecord,
  recordedLists,
  renderRecord,
} from './lease-record.ts'
import type { BallotOptions, NodeLease } from './node-lease.ts'
import { pause } from './pause.ts'

export type Held = Extract<LeaseVerdict, { kind: 'held' }>

export type Attempt = { lease: NodeLease } | { held: Held } | { short: string }

type Context = BallotOptions & { clock: Clock }

/** One try: look, and when nobody holds the lease, vote for oneself in node order; all of it or nothing. */
export async function tryLease(ballots: Ballot[], holder: Holder, context: Context): Promise<Attempt> {
  const { members, clock, signal } = context
  const found = await look(ballots)
  const verdict = judgeLease(found, holder.session)
  if (verdict.kind === 'held') return { held: verdict }
  const way = chooseWay(found, context)
  if ('short' in way) return way

  const startedAt = clock.now()
  const generation = Math.max(0, ...found.map(({ content }) => parseRecord(content)?.generation ?? 0)) + 1
  const record = renderRecord({ generation, members, holder })
  const copies: Copies = new Map()
  const isWon =
    (await vote(way.first, ballots, record, copies, holder)) &&
    hasMajority(way.recorded, [...copies.keys()]) &&
    (await vote(way.next, ballots, record, copies, holder)) &&
    hasMajority(way.lists, [...copies.keys()]) &&
    (verdict.kind === 'free' || (await endSessions(verdict.holders, ballots, context.log)))
  if (!isWon) {
    await giveBack(copies, found)
    return { short: 'another run was taking it at the same moment, or nodes stopped answering' }
  }

  const lease = holdLease({ ...context, copies, lists: way.lists, generation, holder, startedAt })
  if (!way.settle) return { lease }
  context.log(
    `Most nodes lost their record of the lease: waiting ${LOSS_MS / 1000} s until nobody can hold it any more`,
  )
  await pause(clock, LOSS_MS, signal)
  if (signal?.aborted !== true && (await lease.confirm())) return { lease }
  await lease[Symbol.asyncDispose]()
  return { short: 'nodes stopped answering' }
}

async function look(ballots: Ballot[]): Promise<Found[]> {
  const answers = await Promise.allSettled(ballots.map((ballot) => ballot.read()))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

type Way = {
  /** Nodes to vote on, and those that get a copy only once the first are a majority of what is recorded. */
  first: Found[]
  next: Found[]
  recorded: string[][]
  /** What a majority is needed of, now and at each renewal. */
  lists: string[][]
  /** Whether a holder that lost its nodes might still believe in its lease. */
  settle: boolean
}

/**
 * Who may vote. A node without a record is nobody's vote, so that a wiped one cannot make a second majority. Where
 * records are too few for a majority (a first install, or folders that were lost), all members must answer and none
 * may say that somebody holds the lease; who still believed in it has lost it for want of votes after LOSS_MS.
 */
export function chooseWay(
  found: Found[],
  { members, allowMinority }: Pick<Context, 'members' | 'allowMinority'>,
): Way | { short: string } {
  const voters = found.filter(({ content }) => parseRecord(content) !== undefined)
  const others = found.filter((one) => !voters.includes(one))
  const answering = found.map(({ node }) => node)
  const recorded = recordedLists(found)
  const lists = [...recorded, members]

  if (allowMinority === true) return { first: found, next: [], recorded: [], lists: [answering], settle: false }
  if (
    recorded.length > 0 &&
    hasMajority(
      recorded,
      voters.map(({ node }) => node),
    )
  ) {
    return { first: voters, next: others.filter(({ node }) => members.includes(node)), recorded, lists, settle: false }
  }
  if (members.every((member) => answering.includes(member))) {
    return { first: found, next: [], recorded, lists, settle: voters.length > 0 }
  }
  const missing = members.filter((member) => !answering.includes(member))
  return {
    short: `a majority of its nodes must answer and know of it; ${missing.join(', ')} did not answer, and ${others.length === 0 ? 'no other node' : others.map(({ node }) => node).join(', ')} has no record of it`,
  }
}

/** @returns false as soon as somebody else turns out to be taking the lease */
async function vote(
  order: Found[],
  ballots: Ballot[],
  record: string,
  copies: Copies,
  { session }: Holder,
): Promise<boolean> {
  for (const { node, content } of order) {
    const ballot = ballots.find((one) => one.node === node)
    // A node that stopped answering between the look and now is a vote less; the majority is counted afterwards.
    const swap = await ballot?.swap(content, record).catch(() => undefined)
    if (ballot === undefined || swap === undefined) continue
    if (swap.swapped) copies.set(node, { ballot, content: swap.content })
    else if (isOthers(swap.content, session)) return false
  }
  return true
}

/** What the former holders left running ends before anything is changed, on every node that answers. */
async function endSessions(holders: Holder[], ballots: Ballot[], log: (line: string) => void): Promise<boolean> {
  const results = await Promise.allSettled(
    ballots.flatMap((ballot) =>
      holders.map(async (former) => {
        const ended = await ballot.endSession(former.session)
        if (ended > 0) log(`${ballot.node}: ended ${ended} processes of ${formatHolder(former)}, whose lease expired`)
      }),
    ),
  )
  return results.every(({ status }) => status === 'fulfilled')
}

/** Each node says again what it said before; one that does not answer will by the lease's expiry. */
async function giveBack(copies: Copies, found: Found[]): Promise<void> {
  await Promise.allSettled(
    [...copies].map(([node, { ballot, content }]) =>
      ballot.swap(content, found.find((one) => one.node === node)?.content ?? ''),
    ),
  )
}
