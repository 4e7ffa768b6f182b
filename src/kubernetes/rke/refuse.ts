import type { Refusal } from '../../errors.ts'
import type { ClusterFacts, WantedCluster } from '../distribution.ts'
import { refuseConfig } from './cluster-yml.ts'
import { hasPlane, isForeign, isListener, type NodeFacts, own } from './facts.ts'
import { refuseState } from './refuse-state.ts'
import { DOCKER_TOO_NEW, KNOWN_VERSIONS, resolveVersion, TAKEN_VERSIONS } from './versions.ts'

/** Everything the facts forbid, at once; empty means go. */
export function refuseCluster(facts: ClusterFacts, wanted: WantedCluster): Refusal[] {
  const names = new Set(wanted.nodes.map(({ name }) => name))
  const nodes = own(facts).nodes.filter(({ name }) => names.has(name))
  return [
    ...refuseConfig(wanted.config),
    ...refuseVersion(facts, wanted),
    ...own(facts)
      .unreached.filter(({ name }) => names.has(name))
      .map(({ name, why }) => unreached(name, why)),
    ...refuseMachines(nodes, (node) => !hasPlane(node)),
    ...refuseState(facts, wanted),
  ]
}

/** What these machines lack to be nodes. @param joins whether a machine is to be a node for the first time */
export function refuseMachines(nodes: NodeFacts[], joins: (node: NodeFacts) => boolean): Refusal[] {
  return [...nodes.flatMap((node) => refuseNode(node, joins(node))), ...refuseClocks(nodes), ...refuseHostnames(nodes)]
}

export function unreached(name: string, why: string): Refusal {
  const next = 'Make the node answer by SSH, or replace it; rke would silently build the cluster without it.'
  return { kind: 'ssh', subject: name, what: `cannot be reached: ${why}`, next }
}

function refuseVersion(facts: ClusterFacts, { version: asked }: WantedCluster): Refusal[] {
  const version = resolveVersion(facts.version, asked)
  if (facts.version !== undefined && asked !== undefined && facts.version !== asked) {
    const what = `the cluster runs ${facts.version}, and install never changes a running version; got ${asked}`
    return [
      {
        kind: 'input',
        subject: 'kubernetes-version',
        what,
        next: 'Leave kubernetes-version out, or run mode upgrade.',
      },
    ]
  }
  if (facts.version !== undefined || TAKEN_VERSIONS.includes(version)) return []
  const what = `rke does not know ${version}; it knows ${KNOWN_VERSIONS.join(', ')}`
  return [
    {
      kind: 'input',
      subject: 'kubernetes-version',
      what,
      next: 'Give one of these versions, or none for the tested one.',
    },
  ]
}

/** etcd's default quota of 2 GiB, its snapshots, and images; below a tenth free the kubelet begins to evict. */
const FREE_TO_JOIN = 5 * 1024 ** 3
/** Once images are there, what etcd needs to go on writing. */
const FREE_TO_STAY = 1024 ** 3
/** What rke, Kubernetes and the ingress controller listen on. */
const PORTS = [80, 443, 2379, 2380, 6443, 10248, 10249, 10250, 10256, 10257, 10259]

function refuseNode(node: NodeFacts, joins: boolean): Refusal[] {
  return [
    ...(node.arch === 'x86_64'
      ? []
      : [
          refusal(
            node,
            `expected architecture x86_64, got ${node.arch}`,
            'Use 64-bit x86 machines; rke has images for no other.',
          ),
        ]),
    ...refuseDocker(node),
    ...(node.forwards
      ? []
      : [
          refusal(
            node,
            'its sshd forwards no TCP',
            'Set AllowTcpForwarding yes in sshd_config: rke reaches Docker and Kubernetes that way.',
          ),
        ]),
    ...refuseDisk(node, joins ? FREE_TO_JOIN : FREE_TO_STAY),
    ...(joins ? [...refusePorts(node), ...refuseForeign(node)] : []),
  ]
}

function refuseDocker(node: NodeFacts): Refusal[] {
  if (node.docker === undefined)
    return [refusal(node, 'no Docker daemon answers', 'Install Docker older than 29 and start it.')]
  const major = Number(node.docker.split('.')[0])
  const tooNew =
    major >= DOCKER_TOO_NEW
      ? [
          refusal(
            node,
            `expected Docker older than ${DOCKER_TOO_NEW}, got ${node.docker}`,
            'Install Docker 28 and hold it: rke speaks an API that 29 dropped.',
          ),
        ]
      : []
  const rights = node.dockerRights
    ? []
    : [refusal(node, `user ${node.user} may not use Docker`, `Add ${node.user} to the group docker.`)]
  return [...tooNew, ...rights]
}

function refuseDisk(node: NodeFacts, needed: number): Refusal[] {
  if (node.freeBytes >= needed) return []
  return [
    refusal(
      node,
      `expected ${gib(needed)} free below /var/lib, got ${gib(node.freeBytes)}`,
      'Make room: etcd stops writing when its disk is full.',
    ),
  ]
}

/** Ports held by others on a node that is to join; those a leftover of rke's own port check holds are freed first. */
function refusePorts({ containers, listening, ...node }: NodeFacts): Refusal[] {
  if (containers.some((one) => isListener(one) && one.state === 'running')) return []
  const taken = PORTS.filter((port) => listening.includes(port))
  return taken.length === 0
    ? []
    : [refusal(node, `ports in use: ${taken.join(', ')}`, 'Stop what listens there, or use another machine.')]
}

/** A machine that is to join must be ours alone; on one that joined already a stranger is none of our business. */
function refuseForeign({ containers, ...node }: NodeFacts): Refusal[] {
  const foreign = containers.filter(isForeign).map(({ name }) => name)
  return foreign.length === 0
    ? []
    : [
        refusal(
          node,
          `runs containers of others: ${foreign.join(', ')}`,
          'Use a machine of its own for each node, or remove these containers.',
        ),
      ]
}

/**
 * Certificates count from the minute they are made, and leases of Kubernetes are judged across nodes; a node 5 s off is
 * not synchronised at all (chrony and timesyncd keep milliseconds), which is worth stopping for before it grows.
 */
const SKEW_MS = 5_000

function refuseClocks(nodes: NodeFacts[]): Refusal[] {
  const ahead = nodes.map(({ clock }) => clock.aheadMs).toSorted((a, b) => a - b)
  const median = ahead[Math.floor(ahead.length / 2)] ?? 0
  return nodes
    .filter(({ clock }) => Math.abs(clock.aheadMs - median) - clock.uncertainMs > SKEW_MS)
    .map((node) =>
      refusal(
        node,
        `its clock is ${seconds(node.clock.aheadMs - median)} off the others', more than ${seconds(SKEW_MS)}`,
        'Synchronise the clocks (chrony, systemd-timesyncd).',
      ),
    )
}

function refuseHostnames(nodes: NodeFacts[]): Refusal[] {
  return nodes
    .filter(({ hostname, name }) => nodes.some((other) => other.name !== name && other.hostname === hostname))
    .map((node) =>
      refusal(
        node,
        `its host name ${node.hostname} is another node's too`,
        'Give each machine a host name of its own.',
      ),
    )
}

function refusal({ name }: Pick<NodeFacts, 'name'>, what: string, next: string): Refusal {
  return { kind: 'preflight', subject: name, what, next }
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
