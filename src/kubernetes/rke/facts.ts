import type { CertificateFacts, ClusterFacts } from '../distribution.ts'
import type { FoundState } from './state.ts'

/** One Docker container of a node, of whatever origin. */
export type Container = {
  name: string
  image: string
  /** As Docker says it: running, exited, restarting, created, … */
  state: string
  /** By the node's own clock; undefined when it never started. */
  startedAt: Date | undefined
  restarts: number
  labels: Record<string, string>
}

/** What one node said about itself in one answer. */
export type NodeFacts = {
  name: string
  privateAddress: string
  user: string
  /** The node's own time when it answered. */
  at: Date
  /** The host name the machine gives itself. */
  hostname: string
  /** As `uname -m` ("x86_64"). */
  arch: string
  /** From os-release; empty when the node does not say. */
  os: string
  /** The daemon's version; undefined when no daemon answers. */
  docker: string | undefined
  /** Whether the SSH user may talk to Docker: member of its group, or root. */
  dockerRights: boolean
  /** How far the node's clock is ahead of the runner's, and by how much this may be wrong. */
  clock: { aheadMs: number; uncertainMs: number }
  /** Free space below /var/lib; where Docker or etcd have a disk of their own there, the least. */
  freeBytes: number
  /** TCP ports something listens on. */
  listening: number[]
  /** Whether sshd forwards TCP, tried through the connection itself. */
  forwards: boolean
  /** Address and port its sshd accepted our connection on. */
  sshd: { address: string; port: number }
  containers: Container[]
  /** Repository tags of the images Docker holds. */
  images: string[]
  /** Whether /var/lib/etcd holds a member's data. */
  etcdData: boolean
  /** SHA-256 fingerprint of the CA in /etc/kubernetes/ssl. */
  ca: string | undefined
  /** What lies in /etc/kubernetes/ssl. */
  certificates: Omit<CertificateFacts, 'node'>[]
  /** What the API server here says itself ("v1.32.6"); undefined when it does not answer. */
  apiVersion: string | undefined
  /** Our folder's content, without its secrets. */
  state: FoundState | undefined
  /** Names of the nodes the stack had when the lease was last taken here; empty when there is no record. */
  recordedMembers: string[]
}

/** One entry of etcd's own member list. */
export type MemberEntry = { id: string; name: string; peerUrls: string[]; started: boolean }

/** The findings only this distribution's plan and refusals need: `ClusterFacts.own`. */
export type RkeFacts = {
  nodes: NodeFacts[]
  unreached: { name: string; why: string }[]
  /** The member list as a healthy member gives it; empty when none answers. */
  members: MemberEntry[]
  /** CA fingerprint most control planes use; undefined when there is none. */
  runningCa: string | undefined
  /** Nodes of the Kubernetes API by name, with the address they gave. */
  addresses: Record<string, string>
  /** What runs, from the state recovered inside the cluster; only when no node has our folder. */
  recovered: Recovered | undefined
  /** Why the state could not be recovered though no node has it. */
  unrecoverable: string | undefined
}

/** What a recovered state tells, without its secrets. */
export type Recovered = { source: string; caFingerprint: string; config: Record<string, unknown> }

/** This distribution's own part of the facts. */
export function own(facts: ClusterFacts): RkeFacts {
  return facts.own as RkeFacts
}

/** Names of the containers rke itself starts (rke 1.8.5, services/services.go, pki/deploy.go, cluster/network.go). */
const RKE_NAMES =
  /^(etcd|etcd-.*|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|kube-proxy|nginx-proxy|service-sidekick|rke-.*|cert-(deployer|fetcher)|cluster-state-deployer|file-deployer|kube-cleaner|extract-statefile-configmap|share-mnt)$/

export function isRkes({ name, labels }: Container): boolean {
  return RKE_NAMES.test(name) || 'io.rancher.rke.container.name' in labels
}

/** Whether a container belongs to a pod (cri-dockerd, dockershim). */
export function isPods({ name, labels }: Container): boolean {
  return name.startsWith('k8s_') || 'io.kubernetes.pod.name' in labels
}

export function isForeign(container: Container): boolean {
  return (
    !isRkes(container) &&
    !isPods(container) &&
    !Object.keys(container.labels).some((key) => key.startsWith('rancher-ha/'))
  )
}

/** Left behind by a failed port check; made of the image of that day, and used again as they are by the next one. */
export function isListener({ name }: Container): boolean {
  return /^rke-.*port-(listener|checker)$/.test(name)
}

/** What rke starts for a restore and a failed one leaves; the next one reads their old output as its own. */
export function isRestoreLeftover({ name }: Container): boolean {
  return /^etcd-(snapshot-once|restore|download-backup|Serve-backup|checksum-checker|extract-statefile)$/.test(name)
}

/** Whether the node takes part in a cluster: control plane or kubelet containers stand there. */
export function hasPlane(node: NodeFacts): boolean {
  return node.containers.some(({ name }) => ['kube-apiserver', 'kubelet', 'etcd'].includes(name))
}
