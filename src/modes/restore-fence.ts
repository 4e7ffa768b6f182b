import type { Refusal } from '../errors.ts'
import { quorum } from '../quorum.ts'

export type FenceFacts = {
  provider: 'local' | 'aws' | 'hosts'
  /** Names of the nodes the stack was recorded to have; empty when nobody knows. */
  recorded: string[]
  /** Names of those that answer. */
  reached: string[]
  /** Machines as their provider knows them. */
  machines: { name: string; state: 'running' | 'stopped' }[]
  /** Machines the user says are switched off. */
  forced: string[]
}

/** How the lease can be held: by a majority of the recorded nodes, else by what is left once the others are fenced. */
export type Fence = { isMinority: boolean; refusals: Refusal[] }

/**
 * With less than a majority nobody can know that no other run, and no other half of the cluster, goes on beyond those
 * that answer, unless they are known not to run: gone or stopped by their provider, or switched off by the user's word.
 */
export function judgeFence({ provider, recorded, reached, machines, forced }: FenceFacts): Fence {
  const answering = recorded.filter((name) => reached.includes(name))
  if (recorded.length === 0 || answering.length >= quorum(recorded.length)) return { isMinority: false, refusals: [] }
  const loose = recorded.filter((name) => !answering.includes(name) && !isFenced(name))
  return { isMinority: true, refusals: loose.map((name) => refusal(name)) }

  function isFenced(name: string): boolean {
    if (provider === 'hosts') return forced.includes(name)
    return machines.find((machine) => machine.name === name)?.state !== 'running'
  }

  function refusal(name: string): Refusal {
    const next =
      provider === 'hosts'
        ? `Switch ${name} off, and name it in force-nodes.`
        : `Stop the machine of ${name}, or make it answer.`
    const what = `does not answer and may still run: with ${answering.length} of ${recorded.length} nodes a restore goes on only when the others are known to be off.`
    return { kind: 'lease', subject: name, what, next }
  }
}
