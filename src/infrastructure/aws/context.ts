import type { RunId, StackId } from '../../node.ts'
import type { Aws } from './client.ts'
import type { FirstContact } from './first-contact.ts'
import type { Names } from './names.ts'
import type { AwsSettings } from './settings.ts'

/** The runner's way in: rules for its address that stand as long as a run needs them. */
export interface Door {
  /** Opens it, if the stack has its groups and this run needs a way in; again is nothing. */
  open(signal: AbortSignal): Promise<void>
  /** Takes this run's name off its rules, and away the rules nobody is named on. */
  close(): Promise<void>
}

/** What of the runner's surroundings this provider asks. */
export type AwsNetwork = {
  /** Every address a name stands for, as this machine sees it. */
  resolve(name: string): Promise<string[]>
  /** The address this machine has on the internet. */
  ownAddress(signal: AbortSignal): Promise<string>
}

/** What every part of this provider works with. */
export type AwsContext = {
  stack: StackId
  run: RunId
  settings: AwsSettings
  names: Names
  aws: Aws
  door: Door
  network: AwsNetwork
  firstContact: FirstContact
  /** What is asked for; undefined when the stack is only read or taken away. With `keepsAll` no node is too many. */
  asked: { hostname: string; nodeCount: number; keepsAll?: boolean } | undefined
  /** Public halves of the keys the runner has. */
  publicKeys: string[]
  now: () => Date
  /** How often a state that is waited for is looked at. */
  pollMs: number
  log: (line: string) => void
}
