import { createHash, X509Certificate } from 'node:crypto'
import type { Asked, Restoring, Upgrading } from '../distribution.ts'

/** stack.json, version 1. */
export type StackFile = {
  format: 1
  generation: number
  /** pending: written ahead of a change; done: written after it. */
  phase: 'pending' | 'done'
  asked: Asked | undefined
  clusterUid: string | undefined
  stateSha256: string
  caFingerprint: string
  /** Set while a restore goes on: by it the next run finishes what a killed one began. */
  restoring?: Restoring | undefined
  /** Set while an upgrade goes on: what it began from, and where it can go back to. */
  upgrading?: Upgrading | undefined
}

/** A state as it was found, without its secrets. */
export type FoundState = StackFile & {
  /** Where it stands: a node's name. */
  where: string
  /** SHA-256 of the state file beside stack.json, as it is now; undefined when it is missing. */
  actualSha256: string | undefined
}

export type Choice = { state: FoundState } | { refusal: string } | { none: true }

/**
 * Which of the states found is the cluster's: of those whose CA is the one in use (any, when none is in use),
 * the one of the highest generation. A file that is not what its stack.json says does not count.
 *
 * @param runningCa fingerprint of the CA in use; undefined when nothing runs
 */
export function chooseState(found: FoundState[], runningCa: string | undefined): Choice {
  if (found.length === 0) return { none: true }
  const whole = found.filter((state) => state.actualSha256 === state.stateSha256)
  if (whole.length === 0)
    return { refusal: `the state on ${names(found)} is damaged: its SHA-256 is not the one in stack.json` }
  const fitting = whole.filter((state) => runningCa === undefined || state.caFingerprint === runningCa)
  const [first, ...others] = fitting.toSorted((a, b) => b.generation - a.generation || phaseRank(b) - phaseRank(a))
  if (first === undefined) return { refusal: `the cluster runs with another CA than the state on ${names(whole)}` }
  const rival = others.find((state) => state.generation === first.generation && state.stateSha256 !== first.stateSha256)
  if (rival === undefined) return { state: first }
  return {
    refusal: `the states on ${first.where} and ${rival.where} have the same generation ${first.generation} and different content`,
  }
}

/** Within one generation, done was written after pending. */
function phaseRank({ phase }: FoundState): number {
  return phase === 'done' ? 1 : 0
}

function names(found: FoundState[]): string {
  return found.map(({ where }) => where).join(', ')
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** SHA-256 fingerprint of a PEM certificate, lower case without colons. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}
