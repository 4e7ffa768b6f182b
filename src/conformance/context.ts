import type { ClusterFacts, EtcdMember } from '../kubernetes/distribution.ts'
import type { RancherClient } from '../rancher/client.ts'
import type { Kube } from '../rancher/kube.ts'
import type { Hosts } from '../remote/host.ts'

/** What the probes ask. Whatever cannot be had rejects with the reason, which becomes the evidence of a no. */
export type ConformanceContext = {
  hostname: string
  /** Names of the nodes the stack has, those that do not answer too. */
  expectedNodes: string[]
  hosts: Hosts
  /** Reads the cluster afresh. */
  cluster: () => Promise<ClusterFacts>
  /** A reading of a moment ago, by which the first questions are answered. */
  read?: ClusterFacts | undefined
  /** Asks the etcd members alone, afresh. */
  etcd: () => Promise<EtcdMember[]>
  kube: () => Promise<Kube>
  /** Rancher through the load balancer. */
  client: () => Promise<RancherClient>
  /** Address or name of the load balancer. */
  loadBalancer: string | undefined
  /** As the distribution names it; undefined: the nodes are only to agree. */
  kubernetesVersion: string | undefined
  /** Addresses of a name as this machine sees it; by default the system's resolver. */
  resolve?: (name: string) => Promise<string[]>
}
