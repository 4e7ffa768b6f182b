import type { Host, Hosts } from '../../remote/host.ts'
import type { ClusterFacts, EtcdMember } from '../distribution.ts'
import { type ApiFacts, askApi } from './api-facts.ts'
import { askNode } from './ask-node.ts'
import { askEtcd, type EtcdAnswer } from './etcd.ts'
import { hasPlane, type MemberEntry, type RkeFacts } from './facts.ts'
import { recoverState } from './recover-state.ts'
import { chooseState, type FoundState } from './state.ts'

/** Reads every node that answers and its etcd member, and the API through the first that serves it. Changes nothing. */
export async function inspectCluster(hosts: Hosts, stack: string): Promise<ClusterFacts> {
  const [nodes, { answers, api }] = await Promise.all([
    Promise.all(hosts.reached.map((host) => askNode(host, stack))),
    askEtcdThenApi(hosts.reached),
  ])
  const containersOf = (name: string) => nodes.find((node) => node.name === name)?.containers ?? []
  const hostsWith = (container: string) =>
    hosts.reached.filter((host) =>
      containersOf(host.node.name).some(({ name, state }) => name === container && state === 'running'),
    )
  const etcd = answers.filter(({ member }) => containersOf(member.node).some(({ name }) => name === 'etcd'))
  const runningCa = mostCommon(nodes.filter(hasPlane).map(({ ca }) => ca))
  const choice = chooseState(
    nodes.flatMap(({ state }) => state ?? []),
    runningCa,
  )
  const lost = 'none' in choice && nodes.some(hasPlane)
  const recovery = lost ? await recoverState(hostsWith('kube-apiserver'), hostsWith('etcd')) : undefined
  const own: RkeFacts = {
    nodes,
    unreached: hosts.unreached.map(({ node, why }) => ({ name: node.name, why })),
    members: memberList(etcd),
    runningCa,
    addresses: api?.addresses ?? {},
    recovered: recovery !== undefined && 'text' in recovery ? recovery.told : undefined,
    unrecoverable: recovery !== undefined && 'why' in recovery ? recovery.why : undefined,
  }
  return clusterFacts(own, etcd, api, 'state' in choice ? choice.state : undefined)
}

/** API servers answer out of etcd: without a leader each would be waited for in vain. The first healthy member tells. */
async function askEtcdThenApi(reached: Host[]): Promise<{ answers: EtcdAnswer[]; api: ApiFacts | undefined }> {
  const asked = reached.map(askEtcd)
  const api = async () => ((await isAnyHealthy(asked)) ? (await askApi(reached)).facts : undefined)
  const [answers, facts] = await Promise.all([Promise.all(asked), api()])
  return { answers, api: facts }
}

function isAnyHealthy(asked: Promise<EtcdAnswer>[]): Promise<boolean> {
  const healthy = asked.map(async (answer) => (await answer).member.healthy || Promise.reject(new Error('not healthy')))
  return Promise.any(healthy).catch(() => false)
}

/** Pure: the verdict over all that was said. */
export function clusterFacts(
  own: RkeFacts,
  answers: EtcdAnswer[],
  api: ApiFacts | undefined,
  state: FoundState | undefined,
): ClusterFacts {
  const etcd = answers.map(({ member }) => member)
  const asked = state?.asked
  return {
    state: verdict(own, etcd, api, state),
    distribution: own.nodes.some((node) => hasPlane(node) || node.state !== undefined) ? 'rke' : undefined,
    uid: api?.uid ?? state?.clusterUid,
    version: asked?.kubernetesVersion ?? recordedVersion(own),
    nodes: (api?.nodes ?? []).map((node) => ({ ...node, apiVersion: nodeNamed(own, node.name)?.apiVersion })),
    etcd,
    certificates: own.nodes
      .flatMap(({ name, certificates }) => certificates.map((one) => ({ ...one, node: name })))
      .toSorted((a, b) => a.endsAt.getTime() - b.endsAt.getTime()),
    asked,
    own,
  }
}

function nodeNamed({ nodes }: RkeFacts, name: string): RkeFacts['nodes'][number] | undefined {
  return nodes.find((node) => node.name === name)
}

function verdict(
  own: RkeFacts,
  etcd: EtcdMember[],
  api: ApiFacts | undefined,
  state: FoundState | undefined,
): ClusterFacts['state'] {
  const touched = own.nodes.some((node) => node.etcdData || hasPlane(node))
  if (!touched && own.nodes.every((node) => node.state === undefined)) return 'none'
  const healthy = etcd.filter((member) => member.healthy).length
  if (healthy > 0) return api === undefined ? 'unfinished' : 'running'
  const hadCluster = state?.clusterUid !== undefined || (state === undefined && own.nodes.some((node) => node.etcdData))
  // Until a first `rke up` has ended there is nothing to restore: it is finished by running it again.
  return hadCluster ? 'quorum-lost' : 'unfinished'
}

/** The value most of them have; undefined when there is none. */
function mostCommon(values: (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0]
}

function recordedVersion({ recovered }: RkeFacts): string | undefined {
  const version = recovered?.config['kubernetesVersion']
  return typeof version === 'string' ? version : undefined
}

function memberList(answers: EtcdAnswer[]): MemberEntry[] {
  const healthy = answers.filter(({ member }) => member.healthy)
  return (healthy.find(({ member }) => member.leader) ?? healthy[0])?.list ?? []
}
