import type { Port } from './names.ts'
import type { AwsSettings } from './settings.ts'

/** One rule for what comes in: a protocol, a range of ports, and from where. */
export type Rule = {
  protocol: 'tcp' | 'udp'
  from: number
  to: number
  source: { group: 'nodes' | 'balancer' } | { cidr: string }
  why: string
}

type Row = Pick<Rule, 'protocol' | 'from' | 'to' | 'why'>

/**
 * What the nodes of an RKE cluster, all alike, need of each other.
 *
 * @see RKE, "Requirements", ports of nodes that are etcd, control plane and worker at once; canal's VXLAN
 */
export const BETWEEN_NODES: Row[] = [
  { protocol: 'tcp', from: 22, to: 22, why: 'ssh from node to node, the way rke takes' },
  { protocol: 'tcp', from: 80, to: 80, why: 'ingress, HTTP' },
  { protocol: 'tcp', from: 443, to: 443, why: 'ingress, HTTPS' },
  { protocol: 'tcp', from: 2379, to: 2380, why: 'etcd clients and peers' },
  { protocol: 'tcp', from: 6443, to: 6443, why: 'Kubernetes API' },
  { protocol: 'udp', from: 8472, to: 8472, why: 'pod network, VXLAN' },
  { protocol: 'tcp', from: 9099, to: 9099, why: 'pod network, health' },
  { protocol: 'tcp', from: 10250, to: 10250, why: 'kubelet' },
  { protocol: 'tcp', from: 10254, to: 10254, why: 'ingress, health' },
]

/** What the load balancer listens on. */
export function balancedPorts({ apiListener }: { apiListener: boolean }): Port[] {
  return apiListener ? [80, 443, 6443] : [80, 443]
}

/**
 * What nodes admit: each other by RKE's table, the balancer's group where it forwards to, and runners inside the network.
 * The door, for runners outside, is apart.
 *
 * @param inside ranges of runners that reach nodes at their private addresses
 */
export function nodeRules(ports: Port[], inside: string[]): Rule[] {
  return [
    ...BETWEEN_NODES.map((row) => ({ ...row, source: { group: 'nodes' as const } })),
    ...ports.map((port) => ({ ...tcp(port), source: { group: 'balancer' as const }, why: 'load balancer' })),
    ...inside.map((cidr) => ({ ...tcp(22), source: { cidr }, why: 'runners in the network' })),
  ]
}

/**
 * A runner in the network has a rule that stands, so that a run without change changes nothing: for the ranges it comes
 * from, else for the whole network. One outside has none: it opens the door.
 */
export function insideCidrs(
  { address, runnerCidrs }: Pick<AwsSettings, 'address' | 'runnerCidrs'>,
  network: string,
): string[] {
  if (address === 'public') return []
  return runnerCidrs === 'auto' ? [network] : runnerCidrs
}

/** What the load balancer admits: the ranges that are allowed, and the nodes, whose pods ask Rancher by its name. */
export function balancerRules(ports: Port[], allowedCidrs: string[]): Rule[] {
  return ports.flatMap((port) => [
    ...allowedCidrs.map((cidr) => ({ ...tcp(port), source: { cidr }, why: 'allowed-cidrs' })),
    { ...tcp(port), source: { group: 'nodes' as const }, why: 'nodes' },
  ])
}

/** Equal rules have equal keys, whatever they are for. @param groups id of each group */
export function ruleKey({ protocol, from, to, source }: Rule, groups: { nodes: string; balancer: string }): string {
  return `${protocol}/${from}-${to}/${'cidr' in source ? source.cidr : groups[source.group]}`
}

function tcp(port: number): Pick<Rule, 'protocol' | 'from' | 'to'> {
  return { protocol: 'tcp', from: port, to: port }
}
