import type { KubernetesObject } from '@kubernetes/client-node'
import type { Refusal } from '../errors.ts'
import { compareVersions, minorOf } from '../versions/version.ts'
import type { DownstreamCluster, DownstreamFacts } from './facts.ts'
import type { Kube } from './kube.ts'

const API = 'management.cattle.io/v3'
/** The cluster Rancher itself runs on. */
const LOCAL = 'local'

type Cluster = KubernetesObject & {
  spec?: { displayName?: string; rancherKubernetesEngineConfig?: unknown }
  status?: { version?: { gitVersion?: string }; conditions?: { type: string; status: string }[] }
}

/** Reads what this Rancher manages; empty where Rancher has not made its kinds yet. */
export async function inspectDownstream(kube: Kube): Promise<DownstreamFacts> {
  const [clusters, nodeTemplates, clusterTemplates] = await Promise.all([
    kube.list<Cluster>({ apiVersion: API, kind: 'Cluster' }),
    kube.list({ apiVersion: API, kind: 'NodeTemplate' }),
    kube.list({ apiVersion: API, kind: 'ClusterTemplate' }),
  ])
  return {
    clusters: clusters.filter(({ metadata }) => metadata?.name !== LOCAL).map(clusterFacts),
    rke1Templates: [
      ...nodeTemplates.map((one) => describe('NodeTemplate', one)),
      ...clusterTemplates.map((one) => describe('ClusterTemplate', one)),
    ].toSorted(),
  }
}

function clusterFacts({ metadata, spec, status }: Cluster): DownstreamCluster {
  const id = metadata?.name ?? ''
  return {
    id,
    name: spec?.displayName || id,
    isRke1: spec?.rancherKubernetesEngineConfig !== undefined && spec.rancherKubernetesEngineConfig !== null,
    kubernetesVersion: status?.version?.gitVersion || undefined,
    notTrue: (status?.conditions ?? [])
      .filter((condition) => condition.status !== 'True')
      .map(({ type }) => type)
      .toSorted(),
  }
}

function describe(kind: string, { metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

/** The first Rancher that refuses to start where RKE1 clusters are (chart/scripts/pre-upgrade-hook.sh of 2.12). */
const WITHOUT_RKE1 = '2.12'
/** From this one on that hook asks for clusters only. */
const TEMPLATES_ALLOWED = '2.15'

/** What of RKE1 the target would not take, each named. The chart finds it out only half-way. */
export function refuseRke1({ clusters, rke1Templates }: DownstreamFacts, target: string): Refusal[] {
  if (compareVersions(minorOf(target), WITHOUT_RKE1) < 0) return []
  const templates = compareVersions(minorOf(target), TEMPLATES_ALLOWED) < 0 ? rke1Templates : []
  const what = [
    ...clusters.filter(({ isRke1 }) => isRke1).map(({ name, id }) => `cluster ${name} (${id})`),
    ...templates,
  ]
  if (what.length === 0) return []
  return [
    {
      kind: 'preflight',
      subject: 'rancher-version',
      what: `Rancher ${target} takes nothing of RKE1, and this Rancher manages ${what.join(', ')}.`,
      next: 'Replace these clusters by RKE2 or K3s and remove their templates first, or stay below Rancher 2.12.',
    },
  ]
}
