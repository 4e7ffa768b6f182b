import type { KubeConfig } from '@kubernetes/client-node'
import type { Refusal } from '../errors.ts'
import type { Node } from '../node.ts'
import type { Hosts } from '../remote/host.ts'
import type { Lease } from '../remote/lease.ts'
import type { Change, Step } from '../steps.ts'

/** One etcd member as that member itself answers, not as others say. */
export type EtcdMember = {
  node: string
  /** Answers and has agreed to a read. */
  healthy: boolean
  leader: boolean
  revision: number | undefined
  /** Members it knows, by name, started ones only. */
  knows: string[]
  /** What it said instead. */
  problem: string | undefined
}

export type KubernetesNode = {
  name: string
  /** Ready, by a Lease renewed within the last 60 s of the API server's clock. */
  ready: boolean
  /** As the kubelet reports it ("v1.32.6"). */
  version: string
  leaseRenewedAt: Date | undefined
}

/** What of the cluster is there now. */
export type ClusterFacts = {
  /**
   * none: no etcd data, no control-plane container, no state on any node that answers.
   * running: the API answers with a quorum. Others need `restore`.
   */
  state: 'none' | 'unfinished' | 'running' | 'quorum-lost'
  distribution: 'rke' | undefined
  /** UID of kube-system. */
  uid: string | undefined
  /** As the distribution names it ("v1.32.6-rancher1-1"). */
  version: string | undefined
  nodes: KubernetesNode[]
  etcd: EtcdMember[]
  /** What was asked of the stack last, from stack.json; undefined when adopted or new. */
  asked: Asked | undefined
  /** The distribution's own findings, for its own plan; plain data. */
  own: unknown
}

/** What was asked last, kept in stack.json on every node (no secret in it). */
export type Asked = {
  hostname: string
  kubernetesVersion: string
  /** SHA-256 of the rendered cluster configuration. */
  clusterDigest: string
  rancherVersion: string | undefined
  /** The Helm values asked for last, the base of the three-way merge. Secrets stand as digests. */
  helmValues: Record<string, unknown> | undefined
}

export type WantedCluster = {
  stack: string
  hostname: string
  nodes: Node[]
  /** "v1.32.6-rancher1-1"; undefined means: the running one, else the tested one. */
  version: string | undefined
  /** User's YAML merged over what is rendered. */
  config: Record<string, unknown>
  loadBalancer: string | undefined
  /** Image archives of an air-gap bundle to load on every node. */
  images: { file: string; sha256: string; names: string[] }[]
  /** Cluster state given by the user, to adopt an existing cluster. */
  givenState: string | undefined
  newCluster: boolean
  /** What infrastructure or the user remembers of a cluster that should be there. */
  rememberedUid: string | undefined
}

/** The Kubernetes API through a tunnel; closing it ends the tunnel. */
export interface Api extends AsyncDisposable {
  readonly config: KubeConfig
  /** Path of a kubeconfig file (mode 0600, in the run's private folder) that points at the tunnel. */
  readonly kubeconfigFile: string
}

/** How Kubernetes is installed on nodes. Knows nothing of clouds. */
export interface Distribution {
  readonly name: 'rke'
  /** Reads all nodes in parallel; changes nothing. */
  inspect(hosts: Hosts): Promise<ClusterFacts>
  /** What the facts forbid, all at once: preflight of every node, state rules, versions. */
  refuse(facts: ClusterFacts, wanted: WantedCluster): Refusal[]
  /** Pure: from what stands to what is wanted; empty when nothing differs. */
  plan(facts: ClusterFacts, wanted: WantedCluster): Step[]
  apply(change: Change, hosts: Hosts, wanted: WantedCluster, lease: Lease, signal: AbortSignal): Promise<void>
  /** Opens the API with admin rights through one healthy node's own pinned connection. */
  openApi(hosts: Hosts): Promise<Api>
  /** Writes stack.json to every node (generation is the lease's). */
  keepAsked(asked: Asked, hosts: Hosts, lease: Lease): Promise<void>
  /** Removes what the distribution and we put on a node that is not ours to delete (provider hosts). */
  removeFrom(hosts: Hosts, lease: Lease): Promise<void>
}
