import { systemClock } from '../clock.ts'
import { StackError } from '../errors.ts'
import type { StackId } from '../node.ts'
import { type Ballot, createBallot } from './ballot.ts'
import type { Hosts } from './host.ts'
import type { BallotOptions, LeaseOptions, NodeLease } from './lease.ts'
import { formatHolder, type Holder, isVoter, parseRecord, renderRecord } from './lease-record.ts'
import { pause } from './pause.ts'
import { thisSession } from './session.ts'
import { type Attempt, tryLease } from './try-lease.ts'

/** Where a stack keeps its own on a node. */
export const STACKS_FOLDER = '/var/lib/rancher-ha'

const POLL_MS = 5000
const TELL_EVERY_MS = 60_000

/**
 * Takes the right to change the stack, on a majority of the members that are recorded on the nodes and of those asked
 * for. When no node has a record yet, all members must answer, and each gets its first.
 *
 * @throws StackError of kind `lease` that names the holder, or says which nodes are missing
 */
export async function takeLease(hosts: Hosts, options: LeaseOptions): Promise<NodeLease> {
  const folder = `${options.root ?? STACKS_FOLDER}/${options.stack.name}`
  return await takeLeaseOver(
    hosts.reached.map((host) => createBallot(host, folder)),
    { ...options, ballotOf: (host) => createBallot(host, folder) },
  )
}

/**
 * Releases what a session still holds, and ends what it left running: for the post step of a run that was cancelled.
 * Only for a session whose process is known to be over.
 */
export async function releaseLease(
  hosts: Hosts,
  { stack, session, log, root = STACKS_FOLDER }: Pick<LeaseOptions, 'stack' | 'log' | 'root'> & { session: string },
): Promise<void> {
  await releaseLeaseOver(
    hosts.reached.map((host) => createBallot(host, `${root}/${stack.name}`)),
    { session, log },
  )
}

/** The same over any ballots; what tests drive. */
export async function releaseLeaseOver(
  ballots: Ballot[],
  { session, log }: Pick<LeaseOptions, 'log'> & { session: string },
): Promise<void> {
  await Promise.all(
    ballots.map(async (ballot) => {
      const ended = await ballot.endSession(session)
      if (ended > 0) log(`${ballot.node}: ended ${ended} processes of the run that was cut off`)
      const { content } = await ballot.read()
      const record = parseRecord(content)
      if (record?.holder?.session !== session) return
      // It may not have won: what it wrote where there was no vote goes, and does not become one.
      const { swapped } = await ballot.swap(content, isVoter(content) ? renderRecord({ ...record, holder: null }) : '')
      if (swapped) log(`${ballot.node}: released the lease of the run that was cut off`)
    }),
  )
}

/** The same over any ballots; what tests drive. */
export async function takeLeaseOver(ballots: Ballot[], options: BallotOptions): Promise<NodeLease> {
  const { stack, run, waitMs, log, signal, clock = systemClock, session = thisSession } = options
  const holder: Holder = { owner: stack.owner, ownerName: stack.ownerName, run: run.id, attempt: run.attempt, session }
  const inOrder = ballots.toSorted((a, b) => (a.node < b.node ? -1 : 1))
  const deadline = clock.now() + waitMs
  let toldAt = Number.NEGATIVE_INFINITY
  for (;;) {
    signal?.throwIfAborted()
    const attempt = await tryLease(inOrder, holder, { ...options, clock })
    if ('lease' in attempt) return attempt.lease
    if (clock.now() >= deadline) throw notTaken(stack, attempt)
    if (clock.now() - toldAt >= TELL_EVERY_MS) {
      log(`Waiting for the lease: ${explain(attempt)}`)
      toldAt = clock.now()
    }
    await pause(clock, Math.min(POLL_MS, deadline - clock.now()), signal)
  }
}

type Failure = Exclude<Attempt, { lease: NodeLease }>

function notTaken({ name }: StackId, failure: Failure): StackError {
  return new StackError('lease', `The lease of stack "${name}" was not taken: ${explain(failure)}.`, {
    stands: 'Nothing was changed.',
    next:
      'held' in failure
        ? 'Let that run end, or set wait-for-lease.'
        : 'Bring a majority of the nodes back, or use mode restore.',
    retry: true,
  })
}

function explain(failure: Failure): string {
  if ('short' in failure) return failure.short
  const { holder, ageS, node } = failure.held
  return `${formatHolder(holder)} holds it, renewed ${Math.round(ageS)} s ago on ${node}`
}
