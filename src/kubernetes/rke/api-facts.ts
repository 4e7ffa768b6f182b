import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'
import type { KubernetesNode } from '../distribution.ts'
import { parseSections } from './parse-node.ts'

const KUBECTL =
  'kubectl --kubeconfig /etc/kubernetes/ssl/kubecfg-kube-controller-manager.yaml --request-timeout=4s get --raw'

/**
 * Asks one control plane with its own credentials, so that reading facts moves no key to the runner; in one call, since
 * each way into a container costs as much as a question.
 */
const API_SCRIPT = `
printf '\\n#### time\\n'; date +%s%N
timeout 20 docker exec --interactive kube-apiserver sh <<'END'
section() { printf '\\n#### %s\\n' "$1"; }
section namespace; ${KUBECTL} /api/v1/namespaces/kube-system || exit 1
section nodes; ${KUBECTL} /api/v1/nodes || exit 1
section leases; ${KUBECTL} /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases || exit 1
section end
END
`

/** Kubernetes as one API server tells it, with the answering node's own clock. */
export type ApiFacts = { uid: string; nodes: ApiNodeFacts[]; addresses: Record<string, string>; at: Date }

/** A node as Kubernetes knows it; what its own API server says is asked of each. */
export type ApiNodeFacts = Omit<KubernetesNode, 'apiVersion'>

/** A Lease renewed longer ago than this says nothing of now (kubelets renew every 10 s; node-monitor-grace-period is 40 s). */
const LEASE_FRESH_MS = 60_000

/** The first answer of these control planes; undefined when none answers, with what the last one said. */
export async function askApi(hosts: Host[]): Promise<{ facts: ApiFacts | undefined; problem: string | undefined }> {
  let problem: string | undefined
  for (const host of hosts) {
    const { exitCode, stdout, stderr } = await host.try('sh -s -- ask-api', {
      sudo: true,
      input: API_SCRIPT,
      deadlineMs: 30_000,
    })
    if (exitCode === 0) return { facts: parseApi(stdout), problem: undefined }
    problem = `${host.node.name}: ${stderr.trim().split('\n').at(-1) ?? 'no answer'}`
  }
  return { facts: undefined, problem }
}

export function parseApi(answer: string): ApiFacts {
  const sections = parseSections(answer)
  const read = (key: string) => JSON.parse(sections.get(key) ?? '') as unknown
  const uid = (read('namespace') as { metadata: { uid: string } }).metadata.uid
  const nodes = (read('nodes') as { items: ApiNode[] }).items
  const leases = (read('leases') as { items: ApiLease[] }).items
  const at = new Date(Number(BigInt((sections.get('time') ?? '0').trim()) / 1_000_000n))
  if (!sections.has('end'))
    throw new StackError('kubernetes', 'the answer of the API server was cut short', { retry: true })
  const renewed = new Map(leases.map(({ metadata, spec }) => [metadata.name, spec?.renewTime]))
  return {
    uid,
    at,
    nodes: nodes.map((node) => kubernetesNode(node, renewed.get(node.metadata.name), at)),
    addresses: Object.fromEntries(
      nodes.map(({ metadata, status }) => [
        metadata.name,
        status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
      ]),
    ),
  }
}

type ApiNode = {
  metadata: { name: string }
  status: {
    nodeInfo?: { kubeletVersion?: string }
    conditions?: { type: string; status: string }[]
    addresses?: { type: string; address: string }[]
  }
}
type ApiLease = { metadata: { name: string }; spec?: { renewTime?: string } }

function kubernetesNode({ metadata, status }: ApiNode, renewTime: string | undefined, at: Date): ApiNodeFacts {
  const leaseRenewedAt = renewTime === undefined ? undefined : new Date(renewTime)
  const fresh = leaseRenewedAt !== undefined && at.getTime() - leaseRenewedAt.getTime() < LEASE_FRESH_MS
  const saysReady = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  return {
    name: metadata.name,
    ready: saysReady && fresh,
    version: status.nodeInfo?.kubeletVersion ?? '',
    leaseRenewedAt,
  }
}
