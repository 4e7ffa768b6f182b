import type { Distribution, Restoring, Survivor } from '../kubernetes/distribution.ts'
import { quorum } from '../quorum.ts'
import type { Seen } from './seen.ts'

/** What has become of a stack, as a person would say it. */
export type StackCase =
  /** etcd has a quorum and the API answers. */
  | { kind: 'running' }
  /** Nothing of a cluster, and nobody remembers one. */
  | { kind: 'absent' }
  /** A first install that did not end; or, of a cluster that was whole, no API server that answers. */
  | { kind: 'unfinished'; wasWhole: boolean }
  /** A restore that did not end. */
  | { kind: 'restoring'; restoring: Restoring }
  /** No quorum, and data of the cluster on these nodes. */
  | { kind: 'survivors'; survivors: Survivor[]; members: number }
  /** The nodes, or some of them, stand, and none has data any more. */
  | { kind: 'data-lost'; members: number }
  /** A cluster is remembered, and no node has anything of it. */
  | { kind: 'all-lost'; clusterUid: string }

type Known = Pick<Distribution, 'survivors' | 'restoring' | 'recordedMembers'>

/** Pure. @param rememberedUid as the user gave it, when the stack's own memory has none */
export function caseOf({ infrastructure, cluster }: Seen, known: Known, rememberedUid?: string): StackCase {
  const restoring = known.restoring(cluster)
  if (restoring !== undefined) return { kind: 'restoring', restoring }
  if (cluster.state === 'running') return { kind: 'running' }
  const clusterUid = infrastructure.memory.clusterUid ?? rememberedUid
  if (cluster.state === 'none') return clusterUid === undefined ? { kind: 'absent' } : { kind: 'all-lost', clusterUid }
  if (cluster.state === 'unfinished') return { kind: 'unfinished', wasWhole: cluster.uid !== undefined }
  const survivors = known.survivors(cluster)
  const members = Math.max(known.recordedMembers(cluster).length, infrastructure.nodes.length, survivors.length)
  return survivors.length === 0 ? { kind: 'data-lost', members } : { kind: 'survivors', survivors, members }
}

/** Whether the members that are left could still elect a leader by themselves. */
export function canElect(seen: Seen, known: Known): boolean {
  const found = caseOf(seen, known)
  if (found.kind !== 'survivors') return false
  return found.survivors.filter(({ installed }) => installed).length >= quorum(found.members)
}

/** The case in one sentence, and the mode that cures it; nothing to do for one that runs. */
export function describeCase(found: StackCase): { what: string; next: string | undefined } {
  switch (found.kind) {
    case 'running':
      return { what: 'etcd has its quorum.', next: undefined }
    case 'absent':
      return { what: 'There is no cluster here.', next: 'Run mode install to make the stack.' }
    case 'unfinished':
      return {
        what: found.wasWhole
          ? 'etcd has its quorum, and no API server answers.'
          : 'The cluster was begun and never finished.',
        next: 'Run mode install with the inputs of the stack: it goes on.',
      }
    case 'restoring': {
      const { from, takenAt } = found.restoring
      return {
        what: `A restore from ${from}, taken ${takenAt}, was begun and not finished.`,
        next: 'Run mode restore again: it goes on with the same snapshot.',
      }
    }
    case 'survivors': {
      const { survivors, members } = found
      const left = survivors.map(({ node, answers }) => `${node}${answers ? '' : ' (only its files)'}`).join(', ')
      return {
        what: `etcd has lost its quorum: of ${members} members ${quorum(members)} must agree. Data is left on ${left}.`,
        next: 'Run mode restore: it saves what the survivors know and brings the cluster back from that. rke cannot mend this.',
      }
    }
    case 'data-lost':
      return {
        what: `etcd has lost its quorum: no node of ${found.members} has data any more.`,
        next: 'Run mode restore: it brings the cluster back from the newest snapshot in backup-to, or the one named by restore-from.',
      }
    case 'all-lost':
      return {
        what: `The stack had a cluster (${found.clusterUid}), and nothing of it is left.`,
        next: 'Run mode restore: it makes what is missing and brings the cluster back from a stored snapshot.',
      }
  }
}
