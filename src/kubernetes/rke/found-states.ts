import type { ClusterFacts } from '../distribution.ts'
import { own } from './facts.ts'
import type { FoundState } from './state.ts'

/** The states that stand on the nodes, in the order of the nodes. */
export function foundStates(facts: ClusterFacts): FoundState[] {
  return own(facts).nodes.flatMap(({ state }) => (state === undefined ? [] : [state]))
}
