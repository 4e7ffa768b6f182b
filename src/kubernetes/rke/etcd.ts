import type { Host } from '../../remote/host.ts'
import type { EtcdMember } from '../distribution.ts'
import type { MemberEntry } from './facts.ts'
import { parseSections } from './parse-node.ts'

/** A question to the member of this node, which waits no longer than its time-outs. */
export const ETCDCTL = 'timeout 6 docker exec etcd etcdctl --dial-timeout=2s --command-timeout=4s'

/** A change, which a majority has to write to its disks: under load that takes longer than an answer. */
const PATIENT_ETCDCTL = 'timeout 36 docker exec etcd etcdctl --dial-timeout=2s --command-timeout=30s'

/**
 * Asks the etcd member of one node at its own endpoint (the container's environment names it and its certificates).
 * A member that hangs costs at most the two time-outs of six seconds; into a container that does not run there is no way,
 * which is told at once; and one that says it has no leader is not asked whether it is healthy, which it would try to be
 * until its time-out.
 */
const ETCD_SCRIPT = `
section() { printf '\\n#### %s\\n' "$1"; }
section status; status=$(${ETCDCTL} endpoint status --write-out=json 2>/dev/null); printf '%s\\n' "$status"
case $status in *'no leader'*) ;; *) section health; ${ETCDCTL} endpoint health --write-out=json 2>/dev/null && healthy=yes ;; esac
section members; [ -n "$healthy" ] && ${ETCDCTL} member list --write-out=json 2>/dev/null
section log; [ -n "$healthy" ] || docker logs --tail 4 etcd 2>&1 | cut -c1-400
section end
`

export type EtcdAnswer = {
  member: EtcdMember
  list: MemberEntry[]
  /** etcd's own ("3.5.21"); undefined when it does not say. */
  version: string | undefined
}

/** What the member of this node says of itself, and its member list; never throws for a member that does not answer. */
export async function askEtcd(host: Host): Promise<EtcdAnswer> {
  const { stdout } = await host.try('sh -s -- ask-etcd', { sudo: true, input: ETCD_SCRIPT, deadlineMs: 30_000 })
  return parseEtcd(host.node.name, stdout)
}

export function parseEtcd(node: string, answer: string): EtcdAnswer {
  const sections = parseSections(answer)
  const health = parseJson(sections.get('health')) as { health?: boolean; error?: string }[] | undefined
  const status = parseJson(sections.get('status')) as { Status?: Status }[] | undefined
  const members = parseJson(sections.get('members')) as { members?: RawMember[] } | undefined
  const own = status?.[0]?.Status
  const list = (members?.members ?? []).map(memberEntry)
  const healthy = health?.[0]?.health === true && list.length > 0
  const log = (sections.get('log') ?? '').trim().split('\n').at(-1) ?? ''
  return {
    member: {
      node,
      healthy,
      leader: own !== undefined && own.leader === own.header?.member_id,
      revision: own?.header?.revision === undefined ? undefined : Number(own.header.revision),
      knows: list.filter(({ started }) => started).map(({ name }) => nodeOfMember(name)),
      problem: healthy ? undefined : (health?.[0]?.error ?? own?.errors?.[0] ?? (log || 'its container does not run')),
    },
    list,
    version: own?.version,
  }
}

type Status = {
  version?: string
  header?: { member_id?: string; revision?: string }
  leader?: string
  errors?: string[]
}
type RawMember = { ID: string; name?: string; peerURLs?: string[]; clientURLs?: string[] }

/** rke names the member of node-1 "etcd-node-1" (rke 1.8.5, cluster/plan.go). */
export function nodeOfMember(name: string): string {
  return name.replace(/^etcd-/, '')
}

function memberEntry({ ID, name = '', peerURLs = [] }: RawMember): MemberEntry {
  return { id: BigInt(ID).toString(16), name: nodeOfMember(name), peerUrls: peerURLs, started: name !== '' }
}

type WithSource = (
  text: string,
  revive: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown

/** etcd prints 64-bit ids as JSON numbers, which JavaScript would round: numbers stay the text they were. */
function parseJson(text: string | undefined): unknown {
  if (text === undefined || text.trim() === '') return undefined
  try {
    return (JSON.parse as WithSource)(text, (_key, value, { source }) => (typeof value === 'number' ? source : value))
  } catch {
    // A member that ends while it answers leaves half a line, which is as good as no answer.
    return undefined
  }
}

/** Removes a member by its id, at this healthy node's own endpoint; nothing to do when it is gone already. */
export async function removeMember(via: Host, id: string): Promise<void> {
  if (await isGone(via, id)) return
  try {
    await via.run(`${PATIENT_ETCDCTL} member remove ${id}`, { sudo: true, deadlineMs: 45_000 })
  } catch (error) {
    if (!(await isGone(via, id))) throw error
  }
}

async function isGone(via: Host, id: string): Promise<boolean> {
  const { member, list } = await askEtcd(via)
  return member.healthy && !list.some((one) => one.id === id)
}
