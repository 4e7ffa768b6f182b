import type { Refusal } from '../../errors.ts'
import { quorum } from '../../quorum.ts'
import type { ClusterFacts, WantedCluster } from '../distribution.ts'
import { hasPlane, own } from './facts.ts'
import { foundStates } from './found-states.ts'
import { chooseState } from './state.ts'
import { restoringOf } from './survivors.ts'

/** What forbids going on because of the cluster that was, is, or should be there. */
export function refuseState(facts: ClusterFacts, wanted: WantedCluster): Refusal[] {
  return [
    ...refuseMemory(facts, wanted),
    ...refuseRestoring(facts, wanted),
    ...refuseQuorumLoss(facts, wanted),
    ...refuseHostname(facts, wanted),
    ...refuseLostState(facts, wanted),
  ]
}

function refuseMemory({ state, uid }: ClusterFacts, { rememberedUid, newCluster }: WantedCluster): Refusal[] {
  if (rememberedUid === undefined || newCluster) return []
  if (state === 'none') {
    const what = `the stack had a cluster (${rememberedUid}), and there is none on its nodes`
    return [refusal('cluster', what, 'Run mode restore to bring it back, or say new-cluster: true to begin anew.')]
  }
  if (uid === undefined || uid === rememberedUid) return []
  return [
    refusal(
      'cluster',
      `expected the cluster ${rememberedUid}, got ${uid}`,
      'Check that these are the nodes of this stack.',
    ),
  ]
}

function refuseQuorumLoss(facts: ClusterFacts, { newCluster }: WantedCluster): Refusal[] {
  if (facts.state !== 'quorum-lost' || newCluster) return []
  const holders = own(facts)
    .nodes.filter(({ etcdData }) => etcdData)
    .map(({ name }) => name)
  const all = Math.max(own(facts).nodes.length + own(facts).unreached.length, holders.length)
  const what = `has lost its quorum: of ${all} members ${quorum(all)} must agree; data is left on ${holders.join(', ') || 'none'}`
  return [refusal('etcd', what, 'Run mode restore: it saves what the survivors know. rke cannot mend this.')]
}

/** Half restored, a cluster may look whole and lack what the snapshot holds. */
function refuseRestoring(facts: ClusterFacts, { newCluster }: WantedCluster): Refusal[] {
  const unfinished = restoringOf(facts)
  if (unfinished === undefined || newCluster) return []
  const what = `a restore from ${unfinished.from}, taken ${unfinished.takenAt}, was begun and not finished`
  return [refusal('cluster', what, 'Run mode restore again: it goes on with the same snapshot.')]
}

function refuseHostname({ asked, uid }: ClusterFacts, { hostname }: WantedCluster): Refusal[] {
  if (asked === undefined || uid === undefined || asked.hostname === hostname) return []
  const what = `the stack answers to ${asked.hostname}, which cannot change on a live stack; got ${hostname}`
  return [
    { kind: 'preflight', subject: 'hostname', what, next: `Give hostname: ${asked.hostname}, or make another stack.` },
  ]
}

/** A cluster whose state nobody has would get a new CA from rke, and be lost. */
function refuseLostState(facts: ClusterFacts, { newCluster, givenState }: WantedCluster): Refusal[] {
  if (newCluster && facts.state !== 'running') return []
  const { nodes, runningCa, recovered, unrecoverable } = own(facts)
  const choice = chooseState(foundStates(facts), runningCa)
  if ('state' in choice) return []
  if ('refusal' in choice)
    return [refusal('state', choice.refusal, 'Keep the right state on one node only, or run mode restore.')]
  const stands = nodes.some((node) => node.etcdData || hasPlane(node))
  if (!stands || recovered !== undefined || givenState !== undefined || facts.state === 'quorum-lost') return []
  const what = `there is a cluster on these nodes, and its state is not to be had: ${unrecoverable ?? 'it does not answer'}`
  return [refusal('state', what, 'Give its cluster.rkestate as rke-state, or run mode restore.')]
}

function refusal(subject: string, what: string, next: string): Refusal {
  return { kind: 'preflight', subject, what, next }
}
