import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterFacts, WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { clusterDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import type { Container, NodeFacts, RkeFacts } from '../../../../src/kubernetes/rke/facts.ts'
import { type FoundState, sha256 } from '../../../../src/kubernetes/rke/state.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import type { Node } from '../../../../src/node.ts'

/** A state as rke 1.8.5 made it, its certificates real and its keys left out. */
export const STATE = readFileSync(new URL('fixtures/state.json', import.meta.url), 'utf8')
export const OTHER_CA = readFileSync(new URL('fixtures/other-ca.json', import.meta.url), 'utf8')

const NOW = new Date('2026-11-23T12:00:00Z')

export function nodeOf(number: number): Node {
  const address = `10.77.0.${10 + number}`
  return {
    name: `node-${number}`,
    address,
    privateAddress: address,
    port: 22,
    user: 'rancher',
    state: 'running',
    hostKeys: [],
  }
}

export function wantedOf(count = 3, more: Partial<WantedCluster> = {}): WantedCluster {
  return {
    stack: 'rancher',
    hostname: 'rancher.test',
    nodes: Array.from({ length: count }, (_, at) => nodeOf(at + 1)),
    version: undefined,
    config: {},
    loadBalancer: undefined,
    images: [],
    givenState: undefined,
    newCluster: false,
    rememberedUid: undefined,
    ...more,
  }
}

/** An archive of a bundle with this one image. */
export function imageOf(name: string, more: Partial<WantedCluster['images'][number]> = {}) {
  return { file: `/bundle/${name}.tar`, sha256: 'x', names: [name], for: 'rke' as const, ...more }
}

/** The same as a file that can be loaded, with its digest. */
export function archiveIn(folder: string, name: string, more: Partial<WantedCluster['images'][number]> = {}) {
  const file = join(folder, `${name}.tar`)
  writeFileSync(file, name)
  return { ...imageOf(`${name}:1`), file, sha256: sha256(name), ...more }
}

export function containerOf(name: string, more: Partial<Container> = {}): Container {
  const startedAt = new Date(NOW.getTime() - 3_600_000)
  return { name, image: 'rancher/x:v1', state: 'running', startedAt, restarts: 0, labels: {}, ...more }
}

export function foundOf(where: string, more: Partial<FoundState> = {}): FoundState {
  return {
    format: 1,
    generation: 2,
    phase: 'done',
    asked: undefined,
    clusterUid: 'uid-1',
    stateSha256: 'aa',
    caFingerprint: 'ca-1',
    where,
    actualSha256: 'aa',
    ...more,
  }
}

/** A machine nothing was done to yet. */
export function bareNode(number: number, more: Partial<NodeFacts> = {}): NodeFacts {
  const { name, privateAddress, user } = nodeOf(number)
  return {
    name,
    privateAddress,
    user,
    at: NOW,
    hostname: name,
    arch: 'x86_64',
    os: 'Debian GNU/Linux 12 (bookworm)',
    docker: '20.10.24',
    dockerRights: true,
    clock: { aheadMs: 0, uncertainMs: 20 },
    freeBytes: 50 * 1024 ** 3,
    listening: [22],
    forwards: true,
    sshd: { address: privateAddress, port: 22 },
    containers: [],
    images: [],
    etcdData: false,
    ca: undefined,
    certificates: [],
    apiVersion: undefined,
    state: undefined,
    recordedMembers: [],
    ...more,
  }
}

export function memberNode(number: number, wanted: WantedCluster, more: Partial<NodeFacts> = {}): NodeFacts {
  const asked = {
    hostname: wanted.hostname,
    kubernetesVersion: TESTED_VERSION,
    clusterDigest: clusterDigest(wanted, TESTED_VERSION),
    rancherVersion: undefined,
    helmValues: undefined,
  }
  return bareNode(number, {
    containers: ['etcd', 'kube-apiserver', 'kubelet'].map((name) => containerOf(name)),
    listening: [22, 80, 443, 2379, 2380, 6443, 10250],
    etcdData: true,
    ca: 'ca-1',
    state: foundOf(`node-${number}`, { asked }),
    ...more,
  })
}

/** Nothing on any node. */
export function bareFacts(count = 3): ClusterFacts {
  const nodes = Array.from({ length: count }, (_, at) => bareNode(at + 1))
  const own: RkeFacts = {
    nodes,
    unreached: [],
    members: [],
    runningCa: undefined,
    addresses: {},
    recovered: undefined,
    unrecoverable: undefined,
  }
  return {
    state: 'none',
    distribution: undefined,
    uid: undefined,
    version: undefined,
    nodes: [],
    etcd: [],
    certificates: [],
    asked: undefined,
    own,
  }
}

/** A stack in which all is as it was asked. */
export function healthyFacts(wanted: WantedCluster): ClusterFacts {
  const nodes = wanted.nodes.map((_, at) => memberNode(at + 1, wanted))
  const names = wanted.nodes.map(({ name }) => name)
  const own: RkeFacts = {
    ...(bareFacts(0).own as RkeFacts),
    nodes,
    members: wanted.nodes.map(({ name, privateAddress }, at) => ({
      id: `a${at}`,
      name,
      peerUrls: [`https://${privateAddress}:2380`],
      started: true,
    })),
    runningCa: 'ca-1',
  }
  return {
    state: 'running',
    distribution: 'rke',
    uid: 'uid-1',
    version: TESTED_VERSION,
    nodes: names.map((name) => ({ name, ready: true, version: 'v1.32.6', apiVersion: 'v1.32.6', leaseRenewedAt: NOW })),
    etcd: names.map((node, at) => ({
      node,
      healthy: true,
      leader: at === 0,
      revision: 7,
      knows: names,
      problem: undefined,
    })),
    certificates: [],
    asked: nodes[0]?.state?.asked,
    own,
  }
}

/** The same facts with other findings of this distribution. */
export function withOwn(facts: ClusterFacts, change: (own: RkeFacts) => Partial<RkeFacts>): ClusterFacts {
  const own = facts.own as RkeFacts
  return { ...facts, own: { ...own, ...change(own) } }
}

/** The facts after one node's disk was lost and its machine came back empty at the same address. */
export function wipe(facts: ClusterFacts, name: string): ClusterFacts {
  const number = Number(name.replace('node-', ''))
  return withOwn(
    {
      ...facts,
      nodes: facts.nodes.map((node) => (node.name === name ? { ...node, ready: false } : node)),
      etcd: facts.etcd.filter(({ node }) => node !== name),
    },
    ({ nodes }) => ({ nodes: nodes.map((node) => (node.name === name ? bareNode(number) : node)) }),
  )
}
