import { expect, test } from '@jest/globals'
import { ApiException, type KubeConfig } from '@kubernetes/client-node'
import type { Api } from '../../../../src/kubernetes/distribution.ts'
import { leaveCluster } from '../../../../src/kubernetes/rke/leave.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'
import { etcdAnswer } from './answers.ts'
import { wantedOf } from './world.ts'

const { nodes } = wantedOf()
const DEAD = '#### log\nalready been bootstrapped\n#### end\n'
const MEMBER = { node: 'node-2', memberId: 443629905751424231n.toString(16) }
const signal = AbortSignal.timeout(10_000)

/** Three nodes; of those named the etcd member does not answer. */
function hostsWith(dead: string[]): FakeHost[] {
  return nodes.map((node, at) =>
    fakeHost(node)
      .answers('ask-etcd', dead.includes(node.name) ? DEAD : etcdAnswer(at, nodes))
      .answers('member remove', '')
      .answers('clean-node', ''),
  )
}

const commands = (host: FakeHost | undefined) =>
  (host?.received ?? []).flatMap((one) => ('command' in one ? [one.command] : []))

/** An API in which Node objects can be removed; `code` is its answer when it is not 200. */
function apiThat(removed: string[], code = 200): () => Promise<Api> {
  const client = {
    async deleteNode({ name }: { name: string }) {
      if (code !== 200) throw new ApiException(code, 'no', undefined, {})
      removed.push(name)
    },
  }
  const config = { makeApiClient: () => client } as unknown as KubeConfig
  return async () => ({ config, kubeconfigFile: '', [Symbol.asyncDispose]: async () => {} })
}

test('a lost member is taken out by its id at a healthy one, its Node object removed, its machine cleaned', async () => {
  const hosts = hostsWith(['node-2'])
  const removed: string[] = []
  await leaveCluster(MEMBER, fakeHosts(hosts), apiThat(removed), signal)
  expect(commands(hosts[0]).filter((one) => one.includes('member remove'))).toEqual([
    `timeout 36 docker exec etcd etcdctl --dial-timeout=2s --command-timeout=30s member remove ${MEMBER.memberId}`,
  ])
  expect(removed).toEqual(['node-2'])
  expect(commands(hosts[1])).toEqual(['sh -s -- clean-node'])
  expect(commands(hosts[2])).toEqual(['sh -s -- ask-etcd', 'sh -s -- ask-etcd'])
})

test('repeated after it was done, it removes nothing that is not there', async () => {
  const hosts = hostsWith(['node-2'])
  await leaveCluster({ ...MEMBER, memberId: 'feed' }, fakeHosts(hosts), apiThat([], 404), signal)
  expect(hosts.flatMap(commands).filter((one) => one.includes('member remove'))).toEqual([])
})

test('a removal of which etcd says nothing in time counts when the member is gone, and only then', async () => {
  const third = { node: 'node-3', memberId: 443629905751424232n.toString(16) }
  const hostsOf = (members: typeof nodes) => {
    let said = nodes
    const removes = () => {
      said = members
      throw new Error('context deadline exceeded')
    }
    return nodes.map((node, at) =>
      fakeHost(node)
        .answers('ask-etcd', () => (node.name === third.node ? DEAD : etcdAnswer(at, said)))
        .answers('member remove', removes)
        .answers('clean-node', ''),
    )
  }
  await leaveCluster(third, fakeHosts(hostsOf(nodes.slice(0, 2))), apiThat([]), signal)
  await expect(leaveCluster(third, fakeHosts(hostsOf(nodes)), apiThat([]), signal)).rejects.toThrow('deadline exceeded')
})

test('an API that forbids it is not taken for a Node that is gone', async () => {
  await expect(leaveCluster(MEMBER, fakeHosts(hostsWith(['node-2'])), apiThat([], 403), signal)).rejects.toThrow(/403/)
})

test('no member is taken out when the others are no quorum', async () => {
  const hosts = hostsWith(['node-2', 'node-3'])
  await expect(leaveCluster(MEMBER, fakeHosts(hosts), apiThat([]), signal)).rejects.toThrow(
    'node-2 cannot leave etcd: of the 2 other members 1 are healthy (node-1), a quorum is 2',
  )
  expect(hosts.flatMap(commands).filter((one) => one.includes('member remove'))).toEqual([])
})

const leaves = (dead: string[]) => () => leaveCluster(MEMBER, fakeHosts(hostsWith(dead)), apiThat([]), signal)

tries('kubernetes', [
  [
    'Run mode status to see the members; without a quorum run mode restore.',
    leaves(['node-2', 'node-3']),
    // The member that status showed is well again.
    leaves(['node-2']),
    // What a restore leaves: every member is well.
    leaves([]),
  ],
])
