import type { Written } from '../snapshots/written-since.ts'

/** Kinds that are written all the time by what runs, and are made again by it; no person would miss one. */
const BY_ITSELF = [
  'apiregistration.k8s.io/apiservices',
  'catalog.cattle.io/operations',
  'controllerrevisions',
  'endpointslices',
  'events',
  'leases',
  'masterleases',
  'minions',
  'pods',
  'ranges',
  'replicasets',
  'services/endpoints',
]

/** What a restore would lose that a person, or a program of theirs, might miss. Pure. */
export function missed(written: Written[]): Written[] {
  return written.filter((one) => !BY_ITSELF.includes(one.kind) && !isHelms(one) && !isOfNodes(one))
}

/** Helm's own record of a release: the upgrade itself. */
function isHelms({ kind, name }: Written): boolean {
  return kind === 'secrets' && name.startsWith('sh.helm.release.')
}

/** What rke and the kubelets keep about the nodes; a restore makes it again. */
function isOfNodes({ kind, namespace, name, how }: Written): boolean {
  if (namespace === 'kube-node-lease') return true
  return how === 'changed' && namespace === 'kube-system' && (name === 'full-cluster-state' || kind === 'deployments')
}

/** A change of these kinds, in any way, gives a downstream cluster or machine other credentials. */
const CREDENTIALS = [
  'management.cattle.io/clusterregistrationtokens',
  'management.cattle.io/cloudcredentials',
  'management.cattle.io/kontainerdrivers',
]
/** Objects that stand for a downstream cluster or machine: their making or deleting happened outside of etcd too. */
const DOWNSTREAM = [
  'management.cattle.io/clusters',
  'management.cattle.io/nodes',
  'management.cattle.io/nodepools',
  'provisioning.cattle.io/clusters',
]
const DOWNSTREAM_GROUPS = [
  'rke.cattle.io/',
  'rke-machine.cattle.io/',
  'rke-machine-config.cattle.io/',
  'cluster.x-k8s.io/',
]
/** Where Rancher keeps credentials of clouds and of downstream clusters; a namespace of a cluster is called as it. */
const CREDENTIAL_NAMESPACES = /^(cattle-global-data|fleet-default|c-[a-z0-9-]+)$/
/** Rewritten by the machines' agents all the time; its coming and going is the machine's. */
const MACHINE_PLAN = /-machine-(plan|state)$/
const LOCAL = 'local'

/**
 * What makes, deletes or re-credentials a downstream cluster or machine: it exists outside of this etcd, and a restore
 * would leave it without the half of it that stands here. Pure.
 */
export function touchesDownstream(written: Written[]): Written[] {
  return written.filter(isDownstream)
}

function isDownstream({ kind, namespace, name, how }: Written): boolean {
  if (CREDENTIALS.includes(kind)) return namespace !== LOCAL
  const isObject = DOWNSTREAM.includes(kind) || DOWNSTREAM_GROUPS.some((group) => kind.startsWith(group))
  if (isObject) return how !== 'changed' && name !== LOCAL && namespace !== LOCAL
  if (kind !== 'secrets' || namespace === undefined || !CREDENTIAL_NAMESPACES.test(namespace)) return false
  return how !== 'changed' || !MACHINE_PLAN.test(name)
}

/**
 * What only a Rancher that starts in another version writes: its own kinds, and the setting that says which version
 * brought the data to what it needs. The replicas that still serve, and their users, write none of this. Pure.
 *
 * @param since the revision of etcd when the start may have begun; undefined: all of them count. What a leg before wrote
 *   is no mark of this one.
 */
export function marksOfStart(written: Written[], since?: number): Written[] {
  const later = written.filter(({ revision }) => revision === undefined || since === undefined || revision > since)
  return later.filter(
    ({ kind, name }) =>
      (kind === 'apiextensions.k8s.io/customresourcedefinitions' && name.endsWith('.cattle.io')) ||
      (kind === 'management.cattle.io/settings' && name === 'server-version'),
  )
}

/** "deleted management.cattle.io/users u-x1y2", "changed secrets cattle-system/tls-ca". Pure. */
export function formatWritten({ kind, namespace, name, how }: Written): string {
  return `${how} ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
