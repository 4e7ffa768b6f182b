import type { ClusterFacts } from '../../../src/kubernetes/distribution.ts'
import type { NodeFacts } from '../../../src/kubernetes/rke/facts.ts'
import { refuseCluster } from '../../../src/kubernetes/rke/refuse.ts'
import { refuseRestore } from '../../../src/kubernetes/rke/refuse-restore.ts'
import { chooseStrategy } from '../../../src/modes/restore-strategy.ts'
import {
  bareFacts,
  bareNode,
  containerOf,
  foundOf,
  healthyFacts,
  memberNode,
  nodeOf,
  STATE,
  wantedOf,
  withOwn,
} from '../kubernetes/rke/world.ts'
import { tries } from './tries.ts'

const withNode = (facts: ClusterFacts, more: Partial<NodeFacts>) =>
  withOwn(facts, ({ nodes }) => ({
    nodes: nodes.map((node) => (node.name === 'node-2' ? { ...node, ...more } : node)),
  }))

/** An install on machines of which the second is as it is said. */
const joins = (more: Partial<NodeFacts>) => () => refuseCluster(withNode(bareFacts(), more), wantedOf())
const healthy = () => healthyFacts(wantedOf())
const installs =
  (facts: ClusterFacts, more: Parameters<typeof wantedOf>[1] = {}) =>
  () =>
    refuseCluster(facts, wantedOf(3, more))

tries('preflight', [
  ['Use 64-bit x86 machines; rke has images for no other.', joins({ arch: 'aarch64' }), joins({ arch: 'x86_64' })],
  [
    'Set AllowTcpForwarding yes in sshd_config: rke reaches Docker and Kubernetes that way.',
    joins({ forwards: false }),
    joins({ forwards: true }),
  ],
  ['Install Docker older than 29 and start it.', joins({ docker: undefined }), joins({ docker: '28.5.2' })],
  [
    'Install Docker 28 and hold it: rke speaks an API that 29 dropped.',
    joins({ docker: '29.0.1' }),
    joins({ docker: '28.5.2' }),
  ],
  ['Add … to the group docker.', joins({ dockerRights: false }), joins({ dockerRights: true })],
  [
    'Make room: etcd stops writing when its disk is full.',
    joins({ freeBytes: 2 * 1024 ** 3 }),
    joins({ freeBytes: 5 * 1024 ** 3 }),
  ],
  [
    'Stop what listens there, or use another machine.',
    joins({ listening: [22, 80, 6443] }),
    joins({ listening: [22] }),
    () =>
      refuseCluster(
        withOwn(bareFacts(2), ({ nodes }) => ({ nodes: [...nodes, bareNode(4)] })),
        wantedOf(),
      ),
  ],
  [
    'Use a machine of its own for each node, or remove these containers.',
    joins({ containers: [containerOf('shop-db')] }),
    joins({ containers: [] }),
    () =>
      refuseCluster(
        withOwn(bareFacts(2), ({ nodes }) => ({ nodes: [...nodes, bareNode(4)] })),
        wantedOf(),
      ),
  ],
  [
    'Synchronise the clocks (chrony, systemd-timesyncd).',
    joins({ clock: { aheadMs: -8_000, uncertainMs: 50 } }),
    joins({ clock: { aheadMs: -80, uncertainMs: 50 } }),
  ],
  ['Give each machine a host name of its own.', joins({ hostname: 'node-1' }), joins({ hostname: 'node-2' })],
  [
    'Give hostname: …, or make another stack.',
    installs(healthy(), { hostname: 'other.test' }),
    installs(healthy(), { hostname: 'rancher.test' }),
    installs(bareFacts(), { hostname: 'other.test' }),
  ],
  [
    'Check that these are the nodes of this stack.',
    installs(healthy(), { rememberedUid: 'uid-9' }),
    installs({ ...healthy(), uid: 'uid-9' }, { rememberedUid: 'uid-9' }),
  ],
  [
    'Run mode restore to bring it back, or say new-cluster: true to begin anew.',
    installs(bareFacts(), { rememberedUid: 'uid-1' }),
    installs(healthy(), { rememberedUid: 'uid-1' }),
    installs(bareFacts(), { rememberedUid: 'uid-1', newCluster: true }),
  ],
  [
    'Keep the right state on one node only, or run mode restore.',
    installs(withNode(healthy(), { state: foundOf('node-2', { stateSha256: 'bb', actualSha256: 'bb' }) })),
    installs(withNode(healthy(), { state: undefined })),
  ],
  [
    'Give its cluster.rkestate as rke-state, or run mode restore.',
    installs(stateless()),
    installs(stateless(), { givenState: STATE }),
  ],
])

tries('ssh', [
  [
    'Make the node answer by SSH, or replace it; rke would silently build the cluster without it.',
    installs(withOwn(bareFacts(2), () => ({ unreached: [{ name: 'node-3', why: 'timed out' }] }))),
    installs(bareFacts()),
    () => refuseCluster(replaced(), wantedOf(2, { nodes: [nodeOf(1), nodeOf(2), nodeOf(4)] })),
  ],
])

tries('input', [
  [
    'Give one of these versions, or none for the tested one.',
    installs(bareFacts(), { version: 'v1.29.0-rancher1-1' }),
    installs(bareFacts(), { version: 'v1.32.6-rancher1-1' }),
    installs(bareFacts()),
  ],
  [
    'Leave kubernetes-version out, or run mode upgrade.',
    installs(healthy(), { version: 'v1.31.10-rancher1-1' }),
    installs(healthy()),
  ],
  [
    'Remove … from rke-config; nodes, versions and keys have inputs of their own.',
    installs(bareFacts(), { config: { nodes: [] } }),
    installs(bareFacts(), { config: { services: { kubelet: { extra_args: { 'max-pods': '200' } } } } }),
  ],
  [
    'Name a stored snapshot, or latest.',
    () => chooseStrategy({ kind: 'data-lost', members: 3 }, { kind: 'survivor' }, 'uid-1'),
    () => chooseStrategy({ kind: 'data-lost', members: 3 }, { kind: 'name', name: 'nightly' }, 'uid-1'),
    () => chooseStrategy({ kind: 'data-lost', members: 3 }, { kind: 'latest' }, 'uid-1'),
  ],
])

tries('snapshot', [
  [
    'Check that these are the nodes of this stack, and that it is the right snapshot.',
    () => refuseRestore(healthy(), restoreOf('uid-9')),
    () => refuseRestore(healthy(), restoreOf('uid-1')),
    () => refuseRestore({ ...healthy(), uid: 'uid-9' }, restoreOf('uid-9')),
  ],
])

/** A cluster that stands, and whose state neither nodes nor cluster give. */
function stateless(): ClusterFacts {
  return withOwn(healthy(), ({ nodes }) => ({
    nodes: nodes.map((node) => ({ ...node, state: undefined })),
    unrecoverable: 'no full-cluster-state',
  }))
}

/** A healthy stack whose third machine is gone, with a new one beside the two that are left. */
function replaced(): ClusterFacts {
  return withOwn(healthy(), () => ({ nodes: [memberNode(1, wantedOf()), memberNode(2, wantedOf()), bareNode(4)] }))
}

function restoreOf(clusterUid: string) {
  const source = {
    snapshot: 's',
    sha256: 'x',
    clusterUid,
    takenAt: '2026-01-02T03:04:05.000Z',
    from: 'kept',
    file: '/kept/s.zip',
    state: STATE,
    asked: undefined,
  }
  const { nodes } = wantedOf()
  return { stack: 'rancher', hostname: 'rancher.test', nodes, loadBalancer: undefined, images: [], source }
}
