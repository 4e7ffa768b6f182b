import type { Host, Hosts } from '../../remote/host.ts'
import type { NodeProgress } from '../distribution.ts'
import { type ApiFacts, askApi } from './api-facts.ts'
import { askEtcd } from './etcd.ts'
import { parseSections } from './parse-node.ts'
import { gitVersion } from './told-versions.ts'

const KUBECTL =
  'timeout 8 docker exec kube-apiserver kubectl --kubeconfig /etc/kubernetes/ssl/kubecfg-kube-controller-manager.yaml --request-timeout=4s'

/** Each control plane asks the API server beside it: that kubeconfig names 127.0.0.1 (rke 1.8.5, pki/template.go). */
const OWN_API_SCRIPT = `
section() { printf '\\n#### %s\\n' "$1"; }
section version; ${KUBECTL} get --raw /version 2>/dev/null
section ready; ${KUBECTL} get --raw /readyz 2>&1 | tail -n 1 | cut -c1-200
section end
`

/** Asks each node, the unreached ones too, for its versions and what of it is not well; changes nothing. */
export async function readProgress(hosts: Hosts): Promise<NodeProgress[]> {
  const [facts, ...reached] = await Promise.all([
    firstApi(hosts.reached),
    ...hosts.reached.map(async (host) => await Promise.all([host.node.name, ownApi(host), ownEtcd(host)])),
  ])
  return [
    ...reached.map(([node, api, etcd]) => nodeProgress(node, api, etcd, facts)),
    ...hosts.unreached.map(({ node, why }) => ({
      node: node.name,
      reached: false,
      ...UNKNOWN,
      red: [`does not answer: ${why}`],
    })),
  ].toSorted((a, b) => (a.node < b.node ? -1 : 1))
}

const UNKNOWN = { kubelet: undefined, apiServer: undefined, etcd: undefined }

export type OwnEtcd = { version: string | undefined; problem: string | undefined }
export type OwnApi = { version: string | undefined; ready: boolean; said: string }

/** Pure: one node's part of the picture. @param api undefined when no API server of the cluster answers */
export function nodeProgress(
  node: string,
  own: OwnApi | undefined,
  etcd: OwnEtcd,
  api: ApiFacts | undefined,
): NodeProgress {
  if (own === undefined) {
    return { node, reached: false, ...UNKNOWN, red: ['does not answer by SSH'] }
  }
  const object = api?.nodes.find(({ name }) => name === node)
  return {
    node,
    reached: true,
    kubelet: object?.version,
    apiServer: own.version,
    etcd: etcd.version,
    red: [
      ...(etcd.problem === undefined ? [] : [`etcd: ${etcd.problem}`]),
      ...(own.ready ? [] : [`API server: ${own.said || 'does not answer'}`]),
      ...(api === undefined || object?.ready === true ? [] : ['kubelet: not Ready by a fresh Lease']),
    ],
  }
}

/** What the first API server that answers says; a machine that is gone meanwhile is passed by. */
async function firstApi(hosts: Host[]): Promise<ApiFacts | undefined> {
  for (const host of hosts) {
    const { facts } = await askApi([host]).catch(() => ({ facts: undefined }))
    if (facts !== undefined) return facts
  }
  return undefined
}

/** @returns undefined when the machine does not answer */
async function ownApi(host: Host): Promise<OwnApi | undefined> {
  try {
    const { stdout } = await host.try('sh -s -- own-api', { sudo: true, input: OWN_API_SCRIPT, deadlineMs: 30_000 })
    return parseOwnApi(stdout)
  } catch {
    // Whatever kept the connection from answering: the node is told as not answering.
    return undefined
  }
}

export function parseOwnApi(answer: string): OwnApi {
  const sections = parseSections(answer)
  const said = (sections.get('ready') ?? '').trim()
  return { version: gitVersion(sections.get('version') ?? ''), ready: said === 'ok', said }
}

async function ownEtcd(host: Host): Promise<OwnEtcd> {
  try {
    const { member, version } = await askEtcd(host)
    return { version, problem: member.healthy ? undefined : (member.problem ?? 'is not healthy') }
  } catch (error) {
    return { version: undefined, problem: (error as Error).message }
  }
}
