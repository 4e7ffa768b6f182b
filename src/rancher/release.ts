import { gunzipSync } from 'node:zlib'
import type { V1Secret } from '@kubernetes/client-node'
import { StackError } from '../errors.ts'
import type { Kube } from './kube.ts'
import type { Values } from './values.ts'

/** One revision of a Helm release, as Helm keeps it in the cluster. */
export type Release = {
  revision: number
  /** deployed, failed, superseded, uninstalled, uninstalling, pending-install, pending-upgrade, pending-rollback. */
  status: string
  chart: string
  chartVersion: string
  /** What the user gave Helm; may hold secrets. */
  values: Values
  /** When this revision was begun. */
  begunAt: Date | undefined
  /** Our mark of one Helm call, inherited by later revisions that were made without one of their own. */
  operation: string | undefined
  /** Name of the Secret that keeps the revision. */
  secret: string
}

/** What Helm keeps of one release: its newest revision, and whether somebody else's call made it. */
export type ReleaseFacts = Release & {
  /** Made by a call of ours: it carries a mark that the revision before does not. */
  ours: boolean
  /** The newest revision that Helm brought to its end: the one that runs; undefined when none ever was. */
  deployed: { revision: number; chartVersion: string } | undefined
}

/** Label on the release Secret that names one call of Helm by this action. */
export const OPERATION_LABEL = 'rancher-ha/operation'

/** The newest revision of a release; undefined when there is none. */
export function readRelease(secrets: V1Secret[]): ReleaseFacts | undefined {
  const revisions = secrets
    .filter(({ type }) => type === 'helm.sh/release.v1')
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))
  const [newest, before] = revisions
  if (newest === undefined) return undefined
  const release = decodeRelease(newest)
  const deployed = revisions.find(({ metadata }) => metadata?.labels?.['status'] === 'deployed')
  return {
    ...release,
    ours: release.operation !== undefined && release.operation !== before?.metadata?.labels?.[OPERATION_LABEL],
    deployed: deployed && deployedOf(deployed === newest ? release : decodeRelease(deployed)),
  }
}

/** What Helm keeps in the cluster of the release of that name; undefined when there is none. */
export async function readReleaseOf(kube: Kube, namespace: string, name: string): Promise<ReleaseFacts | undefined> {
  const secrets = await kube.list<V1Secret>({ apiVersion: 'v1', kind: 'Secret', namespace }, `owner=helm,name=${name}`)
  return readRelease(secrets)
}

function deployedOf({ revision, chartVersion }: Release): ReleaseFacts['deployed'] {
  return { revision, chartVersion }
}

/**
 * What the Secret says: base64 by Kubernetes, base64 by Helm, gzip, JSON (helm.sh/helm/v3 pkg/storage/driver/util.go).
 *
 * @throws StackError of kind `rancher` when it cannot be read
 */
export function decodeRelease(secret: V1Secret): Release {
  const name = secret.metadata?.name ?? ''
  try {
    const packed = Buffer.from(Buffer.from(secret.data?.['release'] ?? '', 'base64').toString('latin1'), 'base64')
    const isGzip = packed[0] === 0x1f && packed[1] === 0x8b
    const kept = JSON.parse((isGzip ? gunzipSync(packed) : packed).toString('utf8')) as Kept
    const begun = new Date(kept.info.last_deployed ?? '')
    return {
      revision: kept.version,
      status: kept.info.status,
      chart: kept.chart?.metadata?.name ?? '',
      chartVersion: kept.chart?.metadata?.version ?? '',
      values: kept.config ?? {},
      begunAt: Number.isNaN(begun.getTime()) ? undefined : begun,
      operation: secret.metadata?.labels?.[OPERATION_LABEL],
      secret: name,
    }
  } catch (thrown) {
    throw new StackError('rancher', `Secret ${name} does not hold a readable Helm release.`, {
      next: `Look at it with: helm history rancher -n cattle-system`,
      cause: thrown,
    })
  }
}

type Kept = {
  version: number
  info: { status: string; last_deployed?: string }
  chart?: { metadata?: { name?: string; version?: string } }
  config?: Values
}

function revisionOf(secret: V1Secret): number {
  return Number(secret.metadata?.labels?.['version'] ?? 0)
}
