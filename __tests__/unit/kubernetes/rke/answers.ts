import type { WantedCluster } from '../../../../src/kubernetes/distribution.ts'
import { clusterDigest } from '../../../../src/kubernetes/rke/cluster-yml.ts'
import { fingerprint, type StackFile } from '../../../../src/kubernetes/rke/state.ts'
import { parseState } from '../../../../src/kubernetes/rke/state-file.ts'
import { TESTED_VERSION } from '../../../../src/kubernetes/rke/versions.ts'
import type { Node } from '../../../../src/node.ts'
import { STATE } from './world.ts'

/** PEM of the CA in the fixture. */
const CA = parseState(STATE, 'fixture').desiredState.certificatesBundle?.['kube-ca']?.certificatePEM ?? ''

type Sections = Record<string, string>

const render = (sections: Sections) =>
  Object.entries(sections)
    .map(([name, text]) => `\n#### ${name}\n${text}\n`)
    .join('')

const nowNs = () => `${BigInt(Date.now()) * 1_000_000n}`

/** The node script's output on a Debian machine with nothing on it. */
export function bareAnswer(name: string, more: Sections = {}): string {
  return render({
    time: nowNs(),
    hostname: name,
    arch: 'x86_64',
    os: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"',
    groups: 'rancher docker\n1000',
    free: '/dev/vda         264212084 23056928  72444336      25% /var',
    tcp: [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 35 1 0000',
      '   1: 0100007F:E7B6 0100007F:1A2B 06 00000000:00000000 03:00001690 00000000     0        0 0 3 00000',
    ].join('\n'),
    docker: '20.10.24+dfsg1',
    containers: '',
    images: '',
    'etcd-data': '',
    ca: '',
    stack: '',
    states: '',
    end: '',
    ...more,
  })
}

/** The same on a member of a finished stack. */
export function memberAnswer(name: string, wanted: WantedCluster, more: Sections = {}): string {
  const sha = 'a'.repeat(64)
  const stack: StackFile = {
    format: 1,
    generation: 3,
    phase: 'done',
    asked: {
      hostname: wanted.hostname,
      kubernetesVersion: TESTED_VERSION,
      clusterDigest: clusterDigest(wanted, TESTED_VERSION),
      rancherVersion: undefined,
      helmValues: undefined,
    },
    clusterUid: 'uid-1',
    stateSha256: sha,
    caFingerprint: fingerprint(CA),
  }
  const container = (name: string, state = 'running') =>
    `"/${name}" "rancher/x:v1" "${state}" "2026-11-23T11:00:00.123456789Z" 0 {"io.rancher.rke.container.name":"${name}"}`
  return bareAnswer(name, {
    containers: [
      ...['kubelet', 'kube-apiserver', 'etcd'].map((one) => container(one)),
      '"/service-sidekick" "rancher/rke-tools:v0.1.114" "created" "0001-01-01T00:00:00Z" 0 null',
    ].join('\n'),
    images: 'rancher/hyperkube:v1.32.6-rancher1',
    'etcd-data': 'yes',
    ca: CA,
    stack: JSON.stringify(stack),
    states: `${sha}  cluster-3.rkestate`,
    ...more,
  })
}

/** What the etcd script prints where no member answers. */
export const NO_MEMBER = '\n#### log\n\n#### end\n'

/** What the etcd script prints for the member of this index, the first being the leader. */
export function etcdAnswer(at: number, nodes: Node[]): string {
  const id = (index: number) => `44362990575142423${index}`
  const members = nodes.map(
    ({ name, privateAddress }, index) =>
      `{"ID":${id(index)},"name":"etcd-${name}","peerURLs":["https://${privateAddress}:2380"],"clientURLs":["https://${privateAddress}:2379"]}`,
  )
  return render({
    health: `[{"endpoint":"https://127.0.0.1:2379","health":true,"took":"2.957484ms"}]`,
    status: `[{"Endpoint":"x","Status":{"header":{"cluster_id":1,"member_id":${id(at)},"revision":883,"raft_term":2},"version":"3.5.35","leader":${id(0)}}}]`,
    members: `{"header":{"cluster_id":1},"members":[${members.join()}]}`,
    log: '',
    end: '',
  })
}

/** What an API server of these nodes says through its own kubectl. */
export function apiAnswer(nodes: Node[]): string {
  const renewTime = new Date(Date.now() - 4_000).toISOString().replace('Z', '000Z')
  return render({
    time: nowNs(),
    namespace: JSON.stringify({ metadata: { name: 'kube-system', uid: 'uid-1' } }),
    nodes: JSON.stringify({
      items: nodes.map(({ name, privateAddress }) => ({
        metadata: { name },
        status: {
          nodeInfo: { kubeletVersion: 'v1.32.6' },
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: privateAddress }],
        },
      })),
    }),
    leases: JSON.stringify({ items: nodes.map(({ name }) => ({ metadata: { name }, spec: { renewTime } })) }),
    end: '',
  })
}
