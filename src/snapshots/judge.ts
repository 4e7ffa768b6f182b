import { StackError } from '../errors.ts'
import { rancherKeys } from './etcd-snapshot.ts'
import type { Contents, ListedSnapshot, Live, Source } from './snapshot.ts'

/** Fewer than this part of what there was is no ordinary day. */
const LEAST_PART = 0.5
/** A database of a cluster holds thousands of keys, and never none. */
const LEAST_KEYS = 1

/**
 * Whether a snapshot is of the cluster that runs.
 *
 * @throws StackError of kind `snapshot` that names all that does not fit; the snapshot is of no use
 */
export function throwStrange(
  source: Pick<Source, 'clusterUid' | 'caFingerprint'>,
  { keys, revision }: Contents,
  live: Live,
): void {
  const strange: string[] = []
  if (keys < LEAST_KEYS) strange.push('it holds no key')
  if (live.revision !== undefined && revision < live.revision) {
    strange.push(`it ends at revision ${revision}, and the cluster was at ${live.revision} before it was taken`)
  }
  if (live.clusterUid !== undefined && live.clusterUid !== source.clusterUid) {
    strange.push(`it is of cluster ${source.clusterUid}, and ${live.clusterUid} runs`)
  }
  if (live.caFingerprint !== undefined && live.caFingerprint !== source.caFingerprint) {
    strange.push(`its state has the CA ${source.caFingerprint}, and the cluster runs with ${live.caFingerprint}`)
  }
  if (strange.length === 0) return
  throw new StackError('snapshot', `The snapshot is not what the cluster holds: ${strange.join('; ')}.`, {
    stands: 'The cluster is untouched; the snapshot was not kept.',
    next: 'Run mode status, then mode backup again.',
  })
}

/** Why the snapshot is doubted, in one sentence: it holds fewer than half of what the one before did. */
export function doubtOf(contents: Contents, previous: ListedSnapshot | undefined): string | undefined {
  if (previous === undefined) return undefined
  const lost = [
    dropOf('keys', contents.keys, previous.keys),
    dropOf("Rancher's objects", rancherKeys(contents), previous.rancherKeys),
  ].filter((drop) => drop !== undefined)
  return lost.length === 0 ? undefined : `${lost.join(' and ')}, compared with ${previous.name}`
}

function dropOf(what: string, now: number, before: number): string | undefined {
  return now < before * LEAST_PART ? `${now} of ${before} ${what}` : undefined
}

/** The one to compare with: the newest sound one of this cluster, else of the stack. @param listed newest first */
export function previousOf(listed: ListedSnapshot[], clusterUid: string): ListedSnapshot | undefined {
  const sound = listed.filter(({ doubted }) => !doubted)
  return sound.find((one) => one.clusterUid === clusterUid) ?? sound[0]
}
