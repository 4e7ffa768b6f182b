import type { Change, Step } from '../../steps.ts'
import type { ClusterFacts, WantedRestore } from '../distribution.ts'
import { isListener, isRestoreLeftover, own } from './facts.ts'
import { archivesFor, lackingNodes } from './load-images.ts'
import { recordedIn } from './recorded-call.ts'

/** What a restore is made of. What is restored stands beside the change: of survivors it is known only when they were saved. */
export type RestoreChange = Change &
  (
    | { kind: 'load-images'; node: string }
    | { kind: 'clear-restore'; node: string }
    | { kind: 'put-snapshot'; node: string; snapshot: string; sha256: string }
    | { kind: 'write-restore-ahead'; snapshot: string; clusterUid: string }
    | { kind: 'restore-cluster'; snapshot: string; nodes: string[]; leaderless: string[] }
    | { kind: 'prove-restored'; clusterUid: string; nodes: string[] }
  )

const MINUTE = 60_000
/** Stands for what is known only once the survivors were saved. */
const TO_BE_SAVED = 'to be saved'

/** The steps that bring the cluster back from a snapshot, on these nodes and no others. Independent of the order of nodes. */
export function planRestore(facts: ClusterFacts, wanted: WantedRestore): Step[] {
  const { source } = wanted
  const { snapshot, sha256, clusterUid } = source ?? {
    snapshot: TO_BE_SAVED,
    sha256: TO_BE_SAVED,
    clusterUid: facts.uid ?? TO_BE_SAVED,
  }
  const nodes = wanted.nodes.map(({ name }) => name).toSorted()
  const images = imageSteps(facts, wanted, nodes)
  const clears = clearSteps(facts, nodes)
  const puts = nodes.map((node) =>
    step(
      `put-snapshot-${node}`,
      `Put the snapshot on ${node}`,
      60 * MINUTE,
      { kind: 'put-snapshot', node, snapshot, sha256 },
      clears.filter(({ change }) => change['node'] === node),
    ),
  )
  const ahead = step(
    'write-restore-ahead',
    'Write on every node that a restore begins, and the state that belongs to it',
    2 * MINUTE,
    { kind: 'write-restore-ahead', snapshot, clusterUid },
    puts,
  )
  const restore = step(
    'restore-cluster',
    'Restore etcd and bring Kubernetes up on it with rke',
    60 * MINUTE,
    { kind: 'restore-cluster', snapshot, nodes, leaderless: leaderless(facts, nodes) },
    [...images, ahead],
  )
  const prove = step(
    'prove-restored',
    'Prove that it is the same cluster, every node Ready and every etcd member healthy',
    6 * MINUTE,
    { kind: 'prove-restored', clusterUid, nodes },
    [restore],
  )
  return [...images, ...clears, ...puts, ahead, restore, prove]
}

/** Members without a quorum, whether they run at this moment or are between two starts: a plan is the same for both. */
function leaderless(facts: ClusterFacts, nodes: string[]): string[] {
  if (facts.state !== 'quorum-lost') return []
  return own(facts)
    .nodes.filter(({ name, containers }) => nodes.includes(name) && containers.some((one) => one.name === 'etcd'))
    .map(({ name }) => name)
    .toSorted()
}

function imageSteps(facts: ClusterFacts, { images, source }: WantedRestore, nodes: string[]): Step[] {
  if (images.length === 0) return []
  const archives = archivesFor(images, source === undefined ? facts.version : recordedIn(source.state).version)
  return lackingNodes(facts, nodes, archives).map((node) =>
    step(`load-images-${node}`, `Load images on ${node}`, 20 * MINUTE, { kind: 'load-images', node }),
  )
}

function clearSteps(facts: ClusterFacts, nodes: string[]): Step[] {
  return own(facts)
    .nodes.filter(({ name }) => nodes.includes(name))
    .filter(({ containers }) => containers.some((one) => isRestoreLeftover(one) || isListener(one)))
    .map(({ name: node }) =>
      step(`clear-restore-${node}`, `Remove what a failed attempt left on ${node}`, MINUTE, {
        kind: 'clear-restore',
        node,
      }),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function step(
  id: string,
  title: string,
  deadlineMs: number,
  change: { kind: string; [detail: string]: unknown },
  after: Step[] = [],
): Step {
  return { id, title, deadlineMs, needs: after.map((one) => one.id), change: { room: 'kubernetes', ...change } }
}
