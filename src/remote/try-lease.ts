import type { Clock } from '../clock.ts'
import type { Ballot } from './ballot.ts'
import { type Copies, holdLease, LOSS_MS } from './hold-lease.ts'
import type { BallotOptions, NodeLease } from './lease.ts'
import {
  type Found,
  formatHolder,
  type Holder,
  hasMajority,
  isOthers,
  isVoter,
  judgeLease,
  type LeaseVerdict,
  parseRecord,
  recordedLists,
  renderVote,
  type Wanted,
} from './lease-record.ts'
import { pause } from './pause.ts'

export type Held = Extract<LeaseVerdict, { kind: 'held' }>

export type Attempt = { lease: NodeLease } | { held: Held } | { short: string }

type Context = BallotOptions & { clock: Clock }

/**
 * One try: look, and when nobody holds the lease, vote for oneself in node order; all of it or nothing.
 *
 * @throws the reason of the signal, before anything is written
 */
export async function tryLease(ballots: Ballot[], holder: Holder, context: Context): Promise<Attempt> {
  const { members, clock, signal } = context
  const found = await look(ballots)
  const verdict = judgeLease(found, holder.session)
  if (verdict.kind === 'held') return { held: verdict }
  const way = chooseWay(found, context)
  if ('short' in way) return way

  if (way.settle) {
    context.log(
      `Most nodes lost their record of the lease: waiting ${LOSS_MS / 1000} s until nobody can hold it any more`,
    )
    await pause(clock, LOSS_MS, signal)
    signal?.throwIfAborted()
  }
  // Before the first vote: it takes the former holders' names away, and who comes next would not know of them.
  if (verdict.kind === 'expired' && !(await endSessions(verdict.holders, ballots, context.log))) {
    return { short: 'what a run with an expired lease left running could not be ended on every node' }
  }

  const startedAt = clock.now()
  const generation = Math.max(0, ...found.map(({ content }) => parseRecord(content)?.generation ?? 0)) + 1
  const wanted = { generation, members, holder }
  const copies: Copies = new Map()
  const isWon =
    (await vote(way.first, ballots, wanted, copies)) &&
    hasMajority(way.needed, [...copies.keys()]) &&
    (await vote(way.next, ballots, wanted, copies)) &&
    hasMajority(way.lists, [...copies.keys()])
  // Like a lease that was not renewed: others may have seen the first votes expire while the last were under way.
  const isLate = clock.now() - startedAt >= LOSS_MS
  if (!isWon || isLate) {
    await giveBack(copies, found)
    return { short: 'another run was taking it at the same moment, or nodes stopped answering or were slow to' }
  }
  return { lease: holdLease({ ...context, copies, lists: way.lists, generation, holder, startedAt }) }
}

async function look(ballots: Ballot[]): Promise<Found[]> {
  const answers = await Promise.allSettled(ballots.map((ballot) => ballot.read()))
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
}

type Way = {
  /** Nodes to vote on, and those that get a copy only once the first are a majority of each list that is needed. */
  first: Found[]
  next: Found[]
  needed: string[][]
  /** What a majority is needed of, now and at each renewal. */
  lists: string[][]
  /** Whether a holder that lost its nodes might still believe in its lease: it is waited for before the vote. */
  settle: boolean
}

/**
 * Who may vote. A node without a record is nobody's vote, so that a wiped one cannot make a second majority. Where
 * records are too few for a majority (a first install, or folders that were lost), all members must answer, none may
 * say that somebody holds the lease, and all must vote, or a run that looked before another took it could still take
 * those that were wiped since. Who still believed in it has lost it for want of votes after LOSS_MS.
 */
export function chooseWay(
  found: Found[],
  { members, allowMinority }: Pick<Context, 'members' | 'allowMinority'>,
): Way | { short: string } {
  const voters = found.filter(({ content }) => isVoter(content))
  const others = found.filter((one) => !voters.includes(one))
  const answering = found.map(({ node }) => node)
  const recorded = recordedLists(voters)
  const lists = [...recorded, members]

  if (allowMinority === true) return { first: found, next: [], needed: [], lists: [answering], settle: false }
  if (
    recorded.length > 0 &&
    hasMajority(
      recorded,
      voters.map(({ node }) => node),
    )
  ) {
    const next = others.filter(({ node }) => members.includes(node))
    return { first: voters, next, needed: recorded, lists, settle: false }
  }
  if (members.every((member) => answering.includes(member))) {
    const settle = found.some(({ content }) => parseRecord(content) !== undefined)
    return { first: found, next: [], needed: members.map((member) => [member]), lists, settle }
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
  wanted: Wanted & { holder: Holder },
  copies: Copies,
): Promise<boolean> {
  for (const { node, content } of order) {
    const ballot = ballots.find((one) => one.node === node)
    // A node that stopped answering between the look and now is a vote less; the majority is counted afterwards.
    const swap = await ballot?.swap(content, renderVote(wanted, content)).catch(() => undefined)
    if (ballot === undefined || swap === undefined) continue
    if (swap.swapped) copies.set(node, { ballot, content: swap.content })
    else if (isOthers(swap.content, wanted.holder.session)) return false
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
