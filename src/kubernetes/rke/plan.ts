import type { Change, Step } from '../../steps.ts'
import type { ClusterFacts, WantedCluster } from '../distribution.ts'
import { clusterDigest, namesSettings } from './cluster-yml.ts'
import { hasPlane, isListener, type NodeFacts, own } from './facts.ts'
import { foundStates } from './found-states.ts'
import { lackingNodes, planeArchives, workloadArchives } from './load-images.ts'
import { joiningNodes, leavingMembers } from './members.ts'
import { isSameConfig } from './same-config.ts'
import { chooseState } from './state.ts'
import { kubeletVersion, resolveVersion } from './versions.ts'

/** What this distribution can be told to do. Only names and ids: everything else is read when it is done. */
export type RkeChange = Change &
  (
    | { kind: 'load-images' | 'pull-images'; node: string; version: string }
    | { kind: 'load-workload-images'; node: string }
    | { kind: 'pull-workload-images'; node: string; images: string[] }
    | { kind: 'clear-leftovers'; node: string }
    | { kind: 'clean-node'; node: string }
    | { kind: 'write-state-ahead'; version: string }
    | { kind: 'leave-member'; node: string; memberId: string }
    | { kind: 'cluster-up'; version: string; joins: string[]; leaves: string[] }
    | { kind: 'prove-cluster'; version: string }
    | { kind: 'keep-state'; version: string }
  )

const MINUTE = 60_000

/** The steps from the cluster that stands to the one wanted; empty when nothing differs. Independent of the order of nodes. */
export function planCluster(facts: ClusterFacts, wanted: WantedCluster): Step[] {
  const version = resolveVersion(facts.version, wanted.version)
  if (facts.state === 'quorum-lost' && !wanted.newCluster) return []
  if (needsUp(facts, wanted, version)) return upSteps(facts, wanted, version)
  const awaited = workloadSteps(facts, wanted, ({ awaited }) => awaited === true)
  if (keepsItsState(facts, wanted)) return awaited
  return [
    ...awaited,
    step('keep-state', "Keep the cluster's state on every node", MINUTE, { kind: 'keep-state', version }),
  ]
}

function upSteps(facts: ClusterFacts, wanted: WantedCluster, version: string): Step[] {
  const leaving = leavingMembers(facts, wanted.nodes)
  const images = imageSteps(facts, wanted, version)
  const prepare = [...images, ...leftoverSteps(facts, wanted), ...cleanSteps(facts, wanted)]
  const cleaned = prepare.filter(({ change }) => change.kind === 'clean-node').map(({ id }) => id)
  const ahead = step(
    'write-state-ahead',
    'Write the state of the cluster to every node ahead of the change',
    2 * MINUTE,
    { kind: 'write-state-ahead', version },
    cleaned,
  )
  const leaves = leaving.map(({ node, memberId }, index) =>
    // One after the other: each removal changes what a quorum is.
    step(
      `leave-${node}`,
      `Take the lost member of ${node} out of etcd`,
      5 * MINUTE,
      { kind: 'leave-member', node, memberId },
      [index === 0 ? ahead.id : `leave-${leaving[index - 1]?.node}`],
    ),
  )
  const before = [...prepare, ahead, ...leaves]
  const joins = joiningNodes(facts, wanted.nodes)
  const up: RkeChange = {
    room: 'kubernetes',
    kind: 'cluster-up',
    version,
    joins,
    leaves: leaving.map(({ node }) => node),
  }
  return [
    ...before,
    ...workloadSteps(facts, wanted, () => true, images),
    ...pullSteps(wanted, images),
    step(
      'cluster-up',
      upTitle(facts, joins, version),
      45 * MINUTE,
      up,
      before.map(({ id }) => id),
    ),
    step(
      'prove-cluster',
      'Prove that every node is Ready and every etcd member healthy',
      4 * MINUTE,
      { kind: 'prove-cluster', version },
      ['cluster-up'],
    ),
  ]
}

function upTitle({ state }: ClusterFacts, joins: string[], version: string): string {
  if (state !== 'running') return `Build Kubernetes ${kubeletVersion(version)} with rke`
  return joins.length === 0 ? 'Bring Kubernetes to its settings with rke' : `Join ${joins.join(', ')} with rke`
}

/** From the bundle what a node lacks; without one, what every node runs is pulled ahead onto those that are to join. */
function imageSteps(facts: ClusterFacts, wanted: WantedCluster, version: string): Step[] {
  if (wanted.images.length > 0) {
    return lackingNodes(facts, sortedNodes(wanted), planeArchives(wanted.images, version)).map((node) =>
      step(`load-images-${node}`, `Load images on ${node}`, 20 * MINUTE, { kind: 'load-images', node, version }),
    )
  }
  return sortedNodes(wanted).flatMap((name) => {
    const node = nodeOf(facts, name)
    if (node !== undefined && hasPlane(node)) return []
    return [
      step(`pull-images-${name}`, `Pull images on ${name}`, 20 * MINUTE, { kind: 'pull-images', node: name, version }),
    ]
  })
}

/**
 * What runs on Kubernetes is loaded while rke works, after what rke itself waits for.
 *
 * @param first the steps that load on the same nodes before
 */
function workloadSteps(
  facts: ClusterFacts,
  wanted: WantedCluster,
  isNeeded: (image: WantedCluster['images'][number]) => boolean,
  first: Step[] = [],
): Step[] {
  const archives = workloadArchives(wanted.images).filter(isNeeded)
  return lackingNodes(facts, sortedNodes(wanted), archives).map((node) =>
    step(
      `load-workload-images-${node}`,
      `Load images of ingress and Rancher on ${node}`,
      20 * MINUTE,
      { kind: 'load-workload-images', node },
      first.filter(({ change }) => change['node'] === node).map(({ id }) => id),
    ),
  )
}

/** What runs on Kubernetes is pulled while rke works, onto the nodes rke's own images were pulled to. */
function pullSteps({ images, pulls = [] }: WantedCluster, first: Step[]): Step[] {
  if (images.length > 0 || pulls.length === 0) return []
  return first.map(({ id, change }) => {
    const node = String(change['node'])
    return step(
      `pull-workload-images-${node}`,
      `Pull images of Rancher on ${node}`,
      20 * MINUTE,
      { kind: 'pull-workload-images', node, images: pulls },
      [id],
    )
  })
}

function leftoverSteps(facts: ClusterFacts, wanted: WantedCluster): Step[] {
  return sortedNodes(wanted).flatMap((node) => {
    const containers = nodeOf(facts, node)?.containers ?? []
    if (!containers.some(isListener)) return []
    return [
      step(`clear-leftovers-${node}`, `Remove what a failed port check left on ${node}`, MINUTE, {
        kind: 'clear-leftovers',
        node,
      }),
    ]
  })
}

/** Only a new cluster on purpose, over one that cannot be finished or has lost its quorum, clears nodes that hold data. */
function cleanSteps(facts: ClusterFacts, wanted: WantedCluster): Step[] {
  if (!wanted.newCluster || facts.state === 'running' || facts.state === 'none') return []
  return sortedNodes(wanted).map((node) =>
    step(`clean-${node}`, `Clear the former cluster off ${node}`, 5 * MINUTE, { kind: 'clean-node', node }),
  )
}

/** Whether rke has to be run: something of the cluster is missing, not well, or not as asked. */
export function needsUp(facts: ClusterFacts, wanted: WantedCluster, version: string): boolean {
  if (facts.state !== 'running') return true
  const names = sortedNodes(wanted)
  const choice = chooseState(foundStates(facts), own(facts).runningCa)
  if ('state' in choice && choice.state.phase === 'pending') return true
  if (joiningNodes(facts, wanted.nodes).length > 0 || leavingMembers(facts, wanted.nodes).length > 0) return true
  if (!names.every((name) => isWell(facts, name, version))) return true
  if (own(facts).members.length !== names.length || facts.nodes.length !== names.length) return true
  return !isAsAsked(facts, wanted, version)
}

function isWell(facts: ClusterFacts, name: string, version: string): boolean {
  const node = facts.nodes.find((one) => one.name === name)
  const member = facts.etcd.find((one) => one.node === name)
  return node?.ready === true && node.version === kubeletVersion(version) && member?.healthy === true
}

/** By the digest kept from the last run; for a cluster nobody of ours asked for, by what rke recorded. */
function isAsAsked(facts: ClusterFacts, wanted: WantedCluster, version: string): boolean {
  if (facts.asked !== undefined) return facts.asked.clusterDigest === clusterDigest(wanted, version)
  const recorded = own(facts).recovered?.config
  return recorded === undefined ? wanted.givenState !== undefined : isSameConfig({ ...wanted, version }, recorded)
}

/**
 * Whether another configuration is asked for than the cluster was made with; none given asks for none, and accounts of
 * registries alone are a matter of pulling.
 */
export function differs(facts: ClusterFacts, wanted: WantedCluster): boolean {
  const version = facts.version
  if (version === undefined || !namesSettings(wanted)) return false
  return !isAsAsked(facts, wanted, version)
}

/** Whether every node that answers holds the same, newest state. */
function keepsItsState(facts: ClusterFacts, wanted: WantedCluster): boolean {
  const choice = chooseState(foundStates(facts), own(facts).runningCa)
  if (!('state' in choice)) return false
  const { generation, stateSha256 } = choice.state
  return sortedNodes(wanted).every((node) => {
    const state = nodeOf(facts, node)?.state
    return state?.generation === generation && state.actualSha256 === stateSha256
  })
}

function nodeOf(facts: ClusterFacts, name: string): NodeFacts | undefined {
  return own(facts).nodes.find((one) => one.name === name)
}

function sortedNodes({ nodes }: WantedCluster): string[] {
  return nodes.map(({ name }) => name).toSorted()
}

function step(
  id: string,
  title: string,
  deadlineMs: number,
  change: { kind: string; [detail: string]: unknown },
  needs: string[] = [],
): Step {
  return { id, title, deadlineMs, needs, change: { room: 'kubernetes', ...change } }
}
