import type { ClusterFacts, Restoring, Survivor, Upgrading } from '../distribution.ts'
import { own } from './facts.ts'
import { foundStates } from './found-states.ts'
import { chooseState } from './state.ts'

/** Where data of the cluster is left, by node: of members that answer, and of those of which only the files are there. */
export function survivorsOf(facts: ClusterFacts): Survivor[] {
  return own(facts)
    .nodes.filter(({ etcdData }) => etcdData)
    .map(({ name, containers }) => {
      const installed = containers.some((container) => container.name === 'etcd')
      const revision = facts.etcd.find(({ node }) => node === name)?.revision
      return { node: name, answers: revision !== undefined, installed, revision }
    })
    .toSorted((a, b) => (a.node < b.node ? -1 : 1))
}

/** The restore that was begun and not finished; undefined when there is none. */
export function restoringOf(facts: ClusterFacts): Restoring | undefined {
  const choice = chooseState(foundStates(facts), own(facts).runningCa)
  if ('state' in choice) return choice.state.restoring
  // Of states that contradict each other none counts, but that one of them was being restored does.
  return foundStates(facts).find(({ restoring }) => restoring !== undefined)?.restoring
}

/** The upgrade that was begun and not finished; undefined when there is none. */
export function upgradingOf(facts: ClusterFacts): Upgrading | undefined {
  const choice = chooseState(foundStates(facts), own(facts).runningCa)
  return 'state' in choice ? choice.state.upgrading : undefined
}

/** Names of the nodes the stack was last recorded to have, over all nodes that answer. */
export function recordedMembersOf(facts: ClusterFacts): string[] {
  return [...new Set(own(facts).nodes.flatMap(({ recordedMembers }) => recordedMembers))].toSorted()
}
