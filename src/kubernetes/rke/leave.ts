import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import { quorum } from '../../quorum.ts'
import type { Hosts } from '../../remote/host.ts'
import type { Api } from '../distribution.ts'
import { cleanNode } from './clean-node.ts'
import { deleteNodeObject } from './delete-node-object.ts'
import { askEtcd, type EtcdAnswer, removeMember } from './etcd.ts'

/**
 * Takes a member out of etcd by its id, its Node object out of Kubernetes, and everything of the old membership off its
 * machine if it still answers, so that the next `rke up` joins it as a new one.
 *
 * @param node name of the machine; its container, if any, does not take part in the quorum
 * @throws StackError of kind `kubernetes` when the others are no quorum without it
 */
export async function leaveCluster(
  { node, memberId }: { node: string; memberId: string },
  hosts: Hosts,
  openApi: () => Promise<Api>,
  signal: AbortSignal,
): Promise<void> {
  const others = hosts.reached.filter((host) => host.node.name !== node)
  const answers = await Promise.all(others.map(askEtcd))
  const via = healthyOnes(answers).at(0)
  const list = via?.list ?? []
  const left = list.filter(({ id }) => id !== memberId).length
  const host = via === undefined ? undefined : hosts.get(via.member.node)
  if (host === undefined || healthyOnes(answers).length < quorum(left)) throw noQuorum(node, left, answers)
  await removeMember(host, memberId)
  await awaitQuorum(hosts, node, signal)
  await forgetNode(node, hosts, openApi)
}

/** What is left of a node that is no member any more goes: its Node object, and all of the membership on its machine. */
export async function forgetNode(node: string, hosts: Hosts, openApi: () => Promise<Api>): Promise<void> {
  await deleteNodeObject(openApi, node)
  const gone = hosts.get(node)
  if (gone !== undefined) await cleanNode(gone)
}

function healthyOnes(answers: EtcdAnswer[]): EtcdAnswer[] {
  return answers.filter(({ member }) => member.healthy)
}

/** After a member left, the rest may elect; they agree again before anything else is changed. */
async function awaitQuorum(hosts: Hosts, without: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const answers = await Promise.all(hosts.reached.filter((host) => host.node.name !== without).map(askEtcd))
    const [first] = healthyOnes(answers)
    if (first !== undefined && healthyOnes(answers).length >= quorum(first.list.length)) return
    await sleep(1_000, undefined, { signal })
  }
}

function noQuorum(node: string, left: number, answers: EtcdAnswer[]): StackError {
  const healthy = healthyOnes(answers).map(({ member }) => member.node)
  return new StackError(
    'kubernetes',
    `${node} cannot leave etcd: of the ${left} other members ${healthy.length} are healthy (${healthy.join(', ') || 'none'}), a quorum is ${quorum(left)}`,
    {
      stands: 'No member was removed.',
      next: 'Run mode status to see the members; without a quorum run mode restore.',
    },
  )
}
