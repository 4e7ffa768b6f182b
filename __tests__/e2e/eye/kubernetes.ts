import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { output } from './command.ts'
import { tool } from './lab.ts'
import { type Machine, machines, on } from './machines.ts'

type List<T> = { items: T[] }
type KubeNode = {
  metadata: { name: string; uid: string; annotations?: Record<string, string> }
  status: { conditions: { type: string; status: string }[]; nodeInfo: { kubeletVersion: string } }
}
type Pod = {
  metadata: { name: string; uid: string }
  spec: { nodeName: string }
  status: { phase: string; conditions?: { type: string; status: string }[] }
}

/** The real kubectl with an administrator's rights, taken from a machine and not from what the action gave. */
export type Kubectl = (...args: string[]) => Promise<string>

/** Points at the API server of the first machine that runs, or at the one given. */
export async function openKubectl(stack: string, at?: Machine): Promise<Kubectl> {
  const running = (await machines(stack)).filter((machine) => machine.running)
  const machine = at ?? running[0]
  if (machine === undefined) throw new Error(`stack ${stack} has no running node`)
  const file = join(mkdtempSync(join(tmpdir(), 'eye-')), 'kubeconfig')
  writeFileSync(file, await adminKubeconfig(machine), { mode: 0o600 })
  const common = ['--kubeconfig', file, '--server', `https://${machine.address}:6443`, '--request-timeout', '20s']
  const [program = '', ...before] = [...machine.enter, tool('kubectl')]
  return (...args) => output(program, [...before, ...common, ...args])
}

/** rke keeps the administrator's kubeconfig in a Secret that each control-plane node may read. */
async function adminKubeconfig(machine: Machine): Promise<string> {
  const own = '--kubeconfig /etc/kubernetes/ssl/kubecfg-kube-controller-manager.yaml'
  const path = "-o jsonpath='{.data.full-cluster-state}'"
  const secret = await on(
    machine,
    `docker exec kube-apiserver kubectl ${own} -n kube-system get secret full-cluster-state ${path}`,
  )
  const state = JSON.parse(Buffer.from(secret, 'base64').toString()) as {
    currentState: { certificatesBundle: Record<string, { config: string }> }
  }
  const config = state.currentState.certificatesBundle['kube-admin']?.config
  if (config === undefined) throw new Error('the cluster state holds no kube-admin')
  return config
}

export async function clusterUid(kubectl: Kubectl): Promise<string> {
  return kubectl('get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}')
}

/** Names of nodes that say Ready and have renewed their Lease within the last minute, with their kubelet's version. */
export async function readyNodes(kubectl: Kubectl): Promise<Record<string, string>> {
  const nodes = JSON.parse(await kubectl('get', 'nodes', '-o', 'json')) as List<KubeNode>
  const leases = JSON.parse(await kubectl('-n', 'kube-node-lease', 'get', 'leases', '-o', 'json')) as List<{
    metadata: { name: string }
    spec: { renewTime: string }
  }>
  const renewed = new Map(leases.items.map((lease) => [lease.metadata.name, Date.parse(lease.spec.renewTime)]))
  const ready = nodes.items.filter(
    ({ metadata, status }) =>
      status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True') &&
      Date.now() - (renewed.get(metadata.name) ?? 0) < 60_000,
  )
  return Object.fromEntries(ready.map((node) => [node.metadata.name, node.status.nodeInfo.kubeletVersion]))
}

/** Nodes on which a Rancher replica is ready, one entry a replica. */
export async function rancherReplicas(kubectl: Kubectl): Promise<string[]> {
  const pods = JSON.parse(
    await kubectl('-n', 'cattle-system', 'get', 'pods', '-l', 'app=rancher', '-o', 'json'),
  ) as List<Pod>
  return pods.items
    .filter((pod) => pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'))
    .map((pod) => pod.spec.nodeName)
    .sort()
}
