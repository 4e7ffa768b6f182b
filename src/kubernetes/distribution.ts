import type { KubeConfig } from '@kubernetes/client-node'
import type { Refusal } from '../errors.ts'
import type { Node, RunId } from '../node.ts'
import type { Hosts } from '../remote/host.ts'
import type { Lease } from '../remote/lease.ts'
import type { Change, Step } from '../steps.ts'
import type { BundleImage } from '../tools/bundle.ts'

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
  /** As the API server on this node says itself ("v1.32.6"); undefined when it does not answer. */
  apiVersion: string | undefined
  leaseRenewedAt: Date | undefined
}

/** A certificate of the cluster, as it lies on a node. */
export type CertificateFacts = {
  node: string
  /** "kube-apiserver". */
  name: string
  endsAt: Date
  /** Whether it signs others: then it is not made anew with them. */
  isCa: boolean
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
  /** Those the cluster presents or signs with, the one that ends first in front. */
  certificates: CertificateFacts[]
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
  /** SHA-256 of the user's part of it; undefined when nobody knows it in full. */
  settingsDigest?: string | undefined
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
  /** Image archives of an air-gap bundle to load on every node; an awaited one even when Kubernetes needs nothing else. */
  images: (BundleImage & { awaited?: boolean })[]
  /** Images of what is to run on Kubernetes, pulled onto new nodes while it is brought up. */
  pulls?: string[]
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

/** A snapshot of etcd as the distribution made it, with one copy of it in the run's private folder. */
export type TakenSnapshot = {
  /** By which the distribution knows it on the nodes, and restores it. */
  name: string
  /** By the clock of the node the copy was read from. */
  takenAt: Date
  /** The node the copy was read from. */
  node: string
  /** Path of the distribution's own file, untouched. */
  file: string
  /** Path of etcd's snapshot as it came out of that file; undamaged by its own checksum in the archive. */
  etcdFile: string
  /** SHA-256 of `file`. */
  sha256: string
  /** Content of the distribution's state; holds every private key. */
  state: string
  /** SHA-256 fingerprint of the cluster's CA, as the state has it. */
  caFingerprint: string
  /** UID of kube-system, as the API or stack.json tells it. */
  clusterUid: string | undefined
  kubernetesVersion: string | undefined
  asked: Asked | undefined
  /** Names of the nodes that were etcd members. */
  members: string[]
  /** What lies on each node that was asked; `problem` undefined for a good copy. */
  copies: { node: string; problem: string | undefined }[]
}

/** What a node knows of a cluster that has lost its quorum. */
export type Survivor = {
  node: string
  /** Whether its member still answers at its own endpoint; else only its files are left. */
  answers: boolean
  /** Whether its member is still installed there, so that it may answer again in a moment. */
  installed: boolean
  revision: number | undefined
}

/** A restore that was begun and not finished, as stack.json on the nodes tells it. */
export type Restoring = {
  /** The distribution's name of the snapshot; it lies on the nodes. */
  snapshot: string
  sha256: string
  clusterUid: string
  /** ISO 8601. */
  takenAt: string
  /** For people: where it came from ("survivor node-1", the name of a kept snapshot). */
  from: string
}

/** The snapshot a cluster is brought back from; verified before it is handed over. */
export type RestoreSource = Restoring & {
  /** Path of the distribution's own file, in the run's private folder. */
  file: string
  /** Content of the distribution's state that belongs to it. */
  state: string
  /** What was asked of the stack then. */
  asked: Asked | undefined
}

/** What a cluster is to be brought back to. Its configuration is the one recorded in the state. */
export type WantedRestore = {
  stack: string
  hostname: string
  nodes: Node[]
  loadBalancer: string | undefined
  /** Image archives of an air-gap bundle to load on every node. */
  images: WantedCluster['images']
  /** undefined while it is still to be saved from the survivors. */
  source: RestoreSource | undefined
}

/** An upgrade that was begun and not finished, as stack.json on the nodes tells it. */
export type Upgrading = {
  /** The point of return: the snapshot taken before anything was changed; it lies on the nodes. */
  point: Restoring
  /** "run-attempt" of the run that took it. */
  run: string
  /** What was asked of the stack then. */
  before: Asked | undefined
  /** What ran then. */
  versions: {
    kubernetes: string | undefined
    rancher: string | undefined
    certManager: string | undefined
    etcd: string | undefined
  }
  /** What Rancher's pods were made from then (their pod-template-hash). */
  template: string | undefined
}

/** A cluster as it was before a change of its version: the distribution's state, which holds every private key. */
export type Former = Pick<RestoreSource, 'state' | 'asked'>

/** A snapshot that was fetched back from the nodes; its files lie in the run's private folder. */
export type FetchedSnapshot = RestoreSource & {
  /** Path of etcd's snapshot as it came out of the distribution's file. */
  etcdFile: string
}

/** How far one node is with a change, by its own word. */
export type NodeProgress = {
  node: string
  /** Whether the machine answers. */
  reached: boolean
  /** Versions of its kubelet, its own API server and its etcd member; undefined where it does not say. */
  kubelet: string | undefined
  apiServer: string | undefined
  etcd: string | undefined
  /** What is not well about it: etcd member, API server, Lease; empty for a whole node. */
  red: string[]
}

/** What the taking of a snapshot needs to know. */
export type SnapshotCall = {
  run: RunId
  /** Reads an etcd snapshot whole; `digest` false for a member's database. @throws StackError when it is damaged */
  judge: (etcdFile: string, options: { digest: boolean }) => Promise<{ revision: number }>
}

/** How Kubernetes is installed on nodes. Knows nothing of clouds. */
export interface Distribution {
  readonly name: 'rke'
  /** Reads all nodes in parallel; changes nothing. */
  inspect(hosts: Hosts): Promise<ClusterFacts>
  /** What the etcd member of each node that answers says of itself; of a node without one that it does not run. */
  askEtcd(hosts: Hosts): Promise<EtcdMember[]>
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

  /** What stands against taking a snapshot: nodes without room for it. Asks every node that answers; changes nothing. */
  refuseSnapshot(hosts: Hosts): Promise<Refusal[]>
  /**
   * Takes a snapshot on every node whose member answers, and brings one good copy to the run's folder as a stream.
   * Judged by what lies on the nodes, and by `judge`.
   * @throws StackError of kind `snapshot` when no node has a good copy, naming what is wrong on each
   */
  takeSnapshot(call: SnapshotCall, hosts: Hosts, lease: Lease, signal: AbortSignal): Promise<TakenSnapshot>
  /**
   * Saves what the survivors know: of the members that answer, else of the files of those that do not, the one with
   * the highest revision. For a cluster without quorum.
   * @throws StackError of kind `snapshot` when no data is left on any node
   */
  saveSurvivor(call: SnapshotCall, hosts: Hosts, lease: Lease, signal: AbortSignal): Promise<TakenSnapshot>
  /** Removes our own named snapshots from the nodes but the newest two, with the copies of the state beside them. @returns their names */
  pruneSnapshots(hosts: Hosts, lease: Lease): Promise<string[]>
  /** The key this stack signs its snapshots with (PKCS #8, PEM), from the nodes; undefined when none has it. */
  readSigner(hosts: Hosts): Promise<string | undefined>
  /** Writes that key to every node, root-only. */
  keepSigner(pem: string, hosts: Hosts, lease: Lease): Promise<void>

  /** Carries out one change of an upgrade; each may be repeated, and finishes what a killed run left half-done. */
  applyUpgrade(change: Change, hosts: Hosts, wanted: WantedCluster, lease: Lease, signal: AbortSignal): Promise<void>
  /** Loads what of the air-gap bundle the nodes lack of what runs on Kubernetes; nothing without one. */
  loadImages(hosts: Hosts, wanted: Pick<WantedCluster, 'images'>, lease: Lease, signal: AbortSignal): Promise<void>
  /** Asks each node for its versions and what of it is not well. */
  progress(hosts: Hosts): Promise<NodeProgress[]>
  /** The cluster as its state records it, to go back to; undefined when what is recorded is not of that version. */
  formerOf(version: string, hosts: Hosts): Promise<Former | undefined>
  /** Brings every node back to the version and the settings of a former state. No data is touched. */
  goBackTo(former: Former, hosts: Hosts, wanted: WantedCluster, lease: Lease, signal: AbortSignal): Promise<void>
  /** Pure: the upgrade that was begun and not finished; undefined when there is none. */
  upgrading(facts: ClusterFacts): Upgrading | undefined
  /** Puts the copy of a snapshot that was verified on every node, root-only, so that no machine alone holds it. */
  spreadSnapshot(taken: TakenSnapshot, hosts: Hosts, lease: Lease, signal: AbortSignal): Promise<void>
  /** Writes on every node that an upgrade is under way, or that none is any more. */
  keepUpgrading(upgrading: Upgrading | undefined, hosts: Hosts, lease: Lease): Promise<void>
  /** Kubernetes versions that the program of this run installs, as it names them. Reaches no network. */
  offers(signal: AbortSignal): Promise<string[]>
  /** What the facts forbid of an upgrade, all at once. What is left half-done is no reason: it is gone on with. */
  refuseUpgrade(facts: ClusterFacts, wanted: WantedCluster): Refusal[]
  /** Pure: an upgrade was begun and not finished: nodes of several versions, or a change written ahead of them. */
  isUnfinished(facts: ClusterFacts): boolean
  /** Pure: whether the cluster is to have other settings than it was made with; those that are not given do not count. */
  differs(facts: ClusterFacts, wanted: WantedCluster): boolean

  /** Pure: where data of the cluster is left, by node. */
  survivors(facts: ClusterFacts): Survivor[]
  /** Pure: the restore that was begun and not finished; undefined when there is none. */
  restoring(facts: ClusterFacts): Restoring | undefined
  /** Pure: names of the nodes the stack was last recorded to have; empty when no node that answers has a record. */
  recordedMembers(facts: ClusterFacts): string[]
  /** The snapshot of a restore that was not finished, from a node that has it. @throws StackError of kind `snapshot` when none has it whole */
  fetchRestoring(restoring: Restoring, hosts: Hosts, signal: AbortSignal): Promise<RestoreSource>
  /** The point of return of an upgrade, from a node that has it, with the state it holds. @throws StackError of kind `snapshot` when none has it whole */
  fetchPoint(upgrading: Upgrading, hosts: Hosts, signal: AbortSignal): Promise<FetchedSnapshot>
  /** What the facts forbid of a restore, all at once. */
  refuseRestore(facts: ClusterFacts, wanted: WantedRestore): Refusal[]
  /** Pure: the steps that bring the cluster back; never empty. */
  planRestore(facts: ClusterFacts, wanted: WantedRestore): Step[]
  applyRestore(change: Change, hosts: Hosts, wanted: WantedRestore, lease: Lease, signal: AbortSignal): Promise<void>
}
