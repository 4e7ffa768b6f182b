import { StackError } from '../errors.ts'
import type { Restoring, Survivor } from '../kubernetes/distribution.ts'
import type { Node } from '../node.ts'
import type { RestoreFrom } from '../settings.ts'
import type { Wish } from '../snapshots/snapshot.ts'
import type { StackCase } from './stack-case.ts'

/** What a cluster is brought back from. */
export type Strategy =
  /** The cluster has its quorum, and nothing was named. */
  | { kind: 'nothing' }
  /** The snapshot of the restore that was begun; it lies on the nodes. */
  | { kind: 'continue'; restoring: Restoring }
  /** What the members that are left know. */
  | { kind: 'survivor'; survivors: Survivor[] }
  | { kind: 'stored'; wish: Wish }

/**
 * Which snapshot to take, from the case and what was named. What the survivors know comes first; a stored one, which is
 * older, only where it is named or nothing else is left. A cluster that runs loses data by a restore: by default, and
 * when a run that ended well is run again, it is left as it is.
 *
 * @param clusterUid the cluster the stack is known to be of
 * @throws StackError of kind `input` or `preflight` when what was named is not there, or there never was a cluster
 */
export function chooseStrategy(
  found: StackCase,
  from: RestoreFrom | undefined,
  clusterUid: string | undefined,
): Strategy {
  if (from === undefined) return byDefault(found, clusterUid)
  if (from.kind !== 'survivor') {
    return { kind: 'stored', wish: from.kind === 'latest' ? { kind: 'latest', clusterUid } : from }
  }
  if (found.kind === 'survivors') return { kind: 'survivor', survivors: found.survivors }
  const why = found.kind === 'running' ? 'the cluster has its quorum' : 'no node has data of the cluster'
  throw new StackError('input', `restore-from: expected a stored snapshot, got survivor: ${why}.`, {
    stands: 'Nothing was changed.',
    next: 'Name a stored snapshot, or latest.',
  })
}

function byDefault(found: StackCase, clusterUid: string | undefined): Strategy {
  switch (found.kind) {
    case 'restoring':
      return { kind: 'continue', restoring: found.restoring }
    case 'survivors':
      return { kind: 'survivor', survivors: found.survivors }
    case 'absent':
    case 'data-lost':
    case 'all-lost':
      return { kind: 'stored', wish: { kind: 'latest', clusterUid } }
    case 'running':
      return { kind: 'nothing' }
    case 'unfinished':
      throw new StackError('preflight', 'restore-from: the cluster was begun and never finished.', {
        stands: 'Nothing was changed.',
        next: 'Run mode install, which goes on with it; or set restore-from to the snapshot to put in its place.',
      })
  }
}

/** Where a cluster was, and what of that stands. */
export type Ground = {
  /** The machines it is to run on; those to be made have no address yet. */
  nodes: Pick<Node, 'name' | 'privateAddress' | 'state'>[]
  /** Where it ran when the snapshot was taken; undefined for survivors. */
  before: { name: string; privateAddress: string }[] | undefined
}

/** The strategy as it is named in plan and summary. Pure. */
export function nameStrategy(strategy: Strategy, found: StackCase, { nodes, before }: Ground): string {
  if (strategy.kind === 'continue') return 'a restore that was begun'
  if (strategy.kind === 'survivor') return 'quorum lost, a member left'
  if (strategy.kind === 'nothing') return 'nothing to restore'
  if (found.kind === 'all-lost' || found.kind === 'absent') {
    return nodes.every(({ privateAddress }) => privateAddress === '') ? 'everything gone' : 'all nodes replaced'
  }
  const replaced = nodes.filter((node) => !before?.some((one) => isSame(one, node)))
  if (replaced.length === nodes.length && nodes.length > 0) return 'all nodes replaced'
  if (replaced.length > 0) return `${replaced.map(({ name }) => name).join(', ')} replaced`
  if (found.kind === 'survivors' || found.kind === 'data-lost') return 'quorum lost, only a stored snapshot'
  return 'same nodes'
}

function isSame(
  one: { name: string; privateAddress: string },
  other: { name: string; privateAddress: string },
): boolean {
  return one.name === other.name && one.privateAddress === other.privateAddress
}
