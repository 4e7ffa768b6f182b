/** One machine of the stack, as its provider knows it. */
export type Node = {
  /** Unique in the stack ("node-1"); also the machine's host name and the name Kubernetes gives it. */
  name: string
  /** Where the runner reaches it by SSH. */
  address: string
  port: number
  /** Where the other nodes reach it; stands in cluster.yml. */
  privateAddress: string
  user: string
  state: 'running' | 'stopped'
  /** Public host keys that may be presented ("ssh-ed25519 AAAA…"), from a source other than the network. */
  hostKeys: string[]
}

/** The name of the stack and whose it is; what our tags carry. */
export type StackId = {
  name: string
  /** Repository id: survives a rename. */
  owner: string
  /** Repository name, for people. */
  ownerName: string
}

/** One run of a workflow. */
export type RunId = { id: string; attempt: number }
