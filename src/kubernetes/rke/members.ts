import type { Node } from '../../node.ts'
import type { ClusterFacts } from '../distribution.ts'
import { type MemberEntry, type NodeFacts, own } from './facts.ts'

/** A member to be taken out: its place in etcd's list, and the name its machine has or had. */
export type Leaving = { node: string; memberId: string }

/**
 * The members that must leave before rke is run: those no wanted node stands for and whose machine is dead, and those
 * whose node cannot come back as the member it was (wiped, or crashing for ever).
 *
 * A machine that only stopped keeps its data and its place; one that was taken out of the settings but lives is left
 * to rke, which also cleans it.
 */
export function leavingMembers(facts: ClusterFacts, wanted: Node[]): Leaving[] {
  if (facts.state !== 'running') return []
  return own(facts)
    .members.filter((member) => mustLeave(member, facts, wanted))
    .map((member) => ({ node: memberNode(member, wanted), memberId: member.id }))
    .toSorted((a, b) => (a.node < b.node ? -1 : 1))
}

/** The wanted nodes rke must join as new ones: they have no place in etcd, or lose it. */
export function joiningNodes(facts: ClusterFacts, wanted: Node[]): string[] {
  if (facts.state !== 'running') return []
  const leaving = new Set(leavingMembers(facts, wanted).map(({ memberId }) => memberId))
  const staying = own(facts).members.filter(({ id }) => !leaving.has(id))
  return wanted
    .filter((node) => !staying.some((member) => isAt(member, node)))
    .map(({ name }) => name)
    .toSorted()
}

function mustLeave(member: MemberEntry, facts: ClusterFacts, wanted: Node[]): boolean {
  const node = wanted.find((one) => isAt(member, one))
  if (node === undefined) return !isAlive(member, facts) || wanted.some(({ name }) => name === member.name)
  if (facts.etcd.some((one) => one.node === node.name && one.healthy)) return false
  const machine = own(facts).nodes.find(({ name }) => name === node.name)
  // What does not answer is not judged: it may come back with its data.
  return machine !== undefined && isPastReturn(member, machine)
}

/** A crash loop shows as `restarting`, and for a moment between two restarts as a container just started again. */
const JUST_RESTARTED_MS = 60_000

/** A member's data is its identity: without it, or when etcd keeps ending over it, it can only be joined anew. */
function isPastReturn(member: MemberEntry, { etcdData, containers, at }: NodeFacts): boolean {
  const container = containers.find(({ name }) => name === 'etcd')
  if (!member.started || !etcdData || container === undefined) return true
  const upMs = container.startedAt === undefined ? 0 : at.getTime() - container.startedAt.getTime()
  return container.state === 'restarting' || (container.restarts >= 3 && upMs < JUST_RESTARTED_MS)
}

/** Whether the machine of a member nobody wants any more still runs a kubelet. */
function isAlive(member: MemberEntry, facts: ClusterFacts): boolean {
  return facts.nodes.some(({ name, ready }) => name === member.name && ready)
}

/** Whether a member stands for this very machine: its peer address is the node's. */
function isAt({ peerUrls }: MemberEntry, { privateAddress }: Node): boolean {
  return peerUrls.some((url) => new URL(url).hostname === privateAddress)
}

/** A member that was added and never started has no name yet; its address tells the node. */
function memberNode(member: MemberEntry, wanted: Node[]): string {
  return member.name !== '' ? member.name : (wanted.find((node) => isAt(member, node))?.name ?? member.id)
}
