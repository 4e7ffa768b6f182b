import type { Refusal } from '../errors.ts'
import type { Node } from '../node.ts'
import type { Access } from '../remote/host.ts'
import type { Lease } from '../remote/lease.ts'
import type { Change, Step } from '../steps.ts'

/** What of the stack's infrastructure is there now. */
export type InfrastructureFacts = {
  /** Nodes of this stack, ours by tag (or named by the user, on `hosts`), by name. */
  nodes: Node[]
  loadBalancer:
    | {
        address: string
        targets: string[]
        serving: boolean
        /** Whether the address goes with it, so that nothing that lasts may name it; absent where the next one has the same. */
        passing?: true
      }
    | undefined
  /** The addresses the host name resolves to as this runner sees it; empty when it does not resolve. */
  name: {
    hostname: string
    addresses: string[]
    /** The record a person has to make, where the provider has no zone to make it in. */
    toMake?: { type: string; value: string }
  }
  /** What the stack remembers outside its nodes. */
  memory: { clusterUid: string | undefined; hostname: string | undefined }
  /** When the stack may be swept (ISO 8601); absent for one that is protected. */
  expires?: string
  /** What forbids going on: another owner, foreign resources. */
  refusals: Refusal[]
  /**
   * Names of nodes beyond what was asked for, which their provider takes away once they are out of the cluster; while a
   * node is replaced the new one, and the old one from when it was given up.
   */
  surplus?: string[]
  /** What a person should know of it, though it forbids nothing; whole sentences. */
  notes?: string[]
  /** Everything ours that `destroy` would remove, for people and tests ("container rancher-ha-x-node-1"). */
  owned: string[]
  /** The provider's own findings, for its own plan; plain data. */
  own?: unknown
}

/** One node that gives way to a new machine. Each list of steps is empty where it was done already. */
export type Replacement = {
  /** Leaves. */
  node: string
  /** The machine that comes for it. */
  by: string
  /** For people ("m5.xlarge → m6i.xlarge"); empty for one that an earlier run began. */
  changes: string[]
  /** How far an earlier run came; `given-up`: `by` has proven itself, and `node` goes in any case. */
  state: 'to-come' | 'begun' | 'given-up'
  /** Names of the nodes when both are there, and of those that stay. */
  both: string[]
  staying: string[]
  /** Make the new machine. */
  make: Step[]
  /** Forward to both. */
  forward: Step[]
  /** Say that the old one goes, and forward nothing to it any more. */
  giveUp: Step[]
  /** Take its machine away, once it is out of the cluster. */
  remove: Step[]
}

export type WantedInfrastructure = { nodeCount: number; hostname: string }

/** Where machines, load balancer and DNS come from. Knows nothing of Kubernetes. */
export interface Infrastructure {
  readonly provider: 'local' | 'hosts' | 'aws'
  /** Reads, changes nothing, may run at any time. */
  inspect(): Promise<InfrastructureFacts>
  /**
   * Says what a plan will be asked for, where that was not known when the provider was made: it may have to look where
   * new things would go. Counts from the next `inspect` on.
   */
  aim?(wanted: WantedInfrastructure): void
  /** Pure: the steps from what stands to what is wanted; empty when nothing differs. */
  plan(facts: InfrastructureFacts, wanted: WantedInfrastructure): Step[]
  /** Pure: the steps that take surplus nodes away, for when they are out of the cluster; absent where they stay. */
  planRetire?(facts: InfrastructureFacts): Step[]
  /**
   * Pure: the nodes that run something else than was asked for, in the order they are replaced; first the one whose
   * replacement was begun. Absent where machines stay what they are.
   */
  planReplace?(facts: InfrastructureFacts): Replacement[]
  /** Pure: the steps that leave nothing of ours. */
  planDestroy(facts: InfrastructureFacts): Step[]
  /** Carries out one of its own changes; safe to repeat. */
  apply(change: Change, lease: Lease, signal: AbortSignal): Promise<void>
  /** Decides between two first runs, before there are nodes to hold a lease on. @throws StackError of kind `lease` when another holds it past `waitMs`. */
  claim(waitMs: number): Promise<Lease>
  /** How its nodes are reached; key files are written into `folder` (mode 0700, removed by the caller). */
  access(folder: string): Promise<Access>
  /** Remembers, outside the nodes, that there is a cluster. */
  remember(memory: { clusterUid: string; hostname: string }, lease: Lease): Promise<void>
  /** The runner's way in, where there must be one: opened before nodes are reached, closed when the run ends. Not part of a plan. */
  readonly door?: { open(signal: AbortSignal): Promise<void>; close(): Promise<void> }
  /** For post: takes back what a killed run holds outside the nodes. @returns what there is to tell */
  letGo?(): Promise<string | undefined>
}
