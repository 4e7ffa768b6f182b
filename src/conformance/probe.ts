/** The answer to one question about the running stack. */
export type Verdict = {
  ok: boolean
  /** What was seen, for a person; never empty. */
  evidence: string
}

/** One sentence of the recommended architecture and how to ask the running stack for it. */
export type Probe = {
  /** Stable ("etcd-on-each-node"). */
  id: string
  /** The sentence, as Rancher's documentation means it. */
  sentence: string
  deadlineMs: number
  /** Never throws for "no". */
  ask(signal: AbortSignal): Promise<Verdict>
}

export type Row = { id: string; sentence: string } & Verdict
