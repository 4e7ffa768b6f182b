import type { Clock } from '../clock.ts'
import type { RunId, StackId } from '../node.ts'
import type { Ballot } from './ballot.ts'
import type { Host } from './host.ts'

/**
 * The right of one run at a time to change the stack. What changes something takes it as an argument;
 * a dry run has none.
 */
export interface Lease extends AsyncDisposable {
  /** "run/attempt" of the holder. */
  readonly holder: string
  readonly generation: number
  /** Aborted when the lease could not be renewed in time: the holder must stop at once. */
  readonly lost: AbortSignal
}

/** A lease whose copies lie on the nodes. */
export interface NodeLease extends Lease {
  /** What its records and all its commands carry; a post step releases by it. */
  readonly session: string
  /**
   * Gives a node that was made anew, or was away, its copy, and with it a vote for the next run.
   *
   * @throws StackError of kind `lease` when the node says that another run holds a lease this one does not supersede
   */
  admit(host: Host): Promise<void>
  /** Its nodes are gone, and their copies with them: nothing is renewed any more, and closing it releases nothing. */
  forget(): void
}

export type LeaseOptions = {
  stack: StackId
  run: RunId
  /** Names of the nodes the stack shall have; those it was recorded to have are read from the nodes. */
  members: string[]
  /** How long to wait for another holder; 0 fails at once. */
  waitMs: number
  log: (line: string) => void
  /** Take it over the nodes that answer, few as they are. Only when all others have been fenced. */
  allowMinority?: boolean
  signal?: AbortSignal
  clock?: Clock
  session?: string
  /** Folder on the nodes that holds one folder a stack. */
  root?: string
}

/** What a lease over any ballots is taken with. */
export type BallotOptions = LeaseOptions & { ballotOf: (host: Host) => Ballot }
