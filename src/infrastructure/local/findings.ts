import type { HostsEntry } from './hosts-file.ts'

/** What this provider finds of a stack, beside the facts every provider has. */
export type LocalFindings = {
  /** The image machines are made from, and whether the daemon has it. A given image is not built but pulled. */
  image: { name: string; here: boolean; built: boolean }
  /** Whether the stack's network stands, and the subnet it has or would get. */
  network: { here: boolean; subnet: string }
  balancer: Machine & {
    /** Public half of the stack's SSH key, "ssh-ed25519 AAAA…"; undefined when it was not made or cannot be read. */
    publicKey: string | undefined
    /** The HAProxy configuration on its disk. */
    config: string | undefined
  }
  /** By name; also those of which only a volume is left. */
  nodes: (Machine & { /** Lets the stack's key in. */ keyed: boolean })[]
  /** Our line of the runner's hosts file. */
  entry: HostsEntry | undefined
}

export type Machine = {
  /** "node-1", "lb" */
  name: string
  address: string
  container: 'missing' | 'created' | 'running' | 'stopped'
  /** Whether its volume stands. */
  volume: boolean
}
