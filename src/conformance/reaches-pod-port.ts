import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { V1EndpointSlice, V1Ingress, V1Pod, V1Service } from '@kubernetes/client-node'
import type { Kube } from '../rancher/kube.ts'
import type { Answer } from '../rancher/request.ts'
import type { ConformanceContext } from './context.ts'
import { type ConfiguredPath, followIngress } from './ingress-path.ts'
import type { Probe, Verdict } from './probe.ts'
import { RANCHER_PODS } from './replica-on-each-node.ts'

export function reachesPodPort({ client, kube, hostname }: ConformanceContext): Probe {
  return {
    id: 'reaches-rancher-pod-port-80',
    sentence: 'The ingress controller forwards to port 80 of the Rancher pods.',
    deadlineMs: 120_000,
    async ask(signal) {
      const cluster = await kube()
      const token = `rancher-ha-${randomBytes(12).toString('hex')}`
      const answer = await (await client()).ask(`/v3/${token}`, { signal })
      const [path, pods] = await Promise.all([
        readPath(cluster, hostname),
        cluster.list<V1Pod>(RANCHER_PODS, 'app=rancher'),
      ])
      return judgePath({ answer, path, seen: await findTrace(cluster, token, pods, signal) })
    },
  }
}

/** Where the one-time path was seen at the far end. */
export type Trace = { by: 'rancher'; pod: string; node: string } | { by: 'ingress'; upstream: string }

const AUDIT_CONTAINER = 'rancher-audit-log'
const LOOKS = 10
const LOOK_EVERY_MS = 250
const SINCE_SECONDS = 60

/**
 * The best evidence there is: a Rancher pod's own audit log with the path, else the ingress controller's
 * access log with the address it forwarded to. Without either (audit log off, another ingress controller),
 * Rancher's own answer together with the configured way is what is left, and it is said.
 */
export function judgePath({
  answer,
  path,
  seen,
}: {
  answer: Pick<Answer, 'status' | 'body'>
  path: ConfiguredPath
  seen: Trace | undefined
}): Verdict {
  if (seen?.by === 'ingress') {
    const ok = seen.upstream.endsWith(':80')
    return { ok, evidence: `the ingress controller's log has the path forwarded to ${seen.upstream}` }
  }
  const configured =
    path.ports.length === 0 ? 'no pod' : `port ${path.ports.join(' and ')} of ${path.addresses.length} pods`
  const way = `Ingress and Service lead to ${configured}`
  const isPort80 = path.ports.length === 1 && path.ports[0] === 80
  if (seen?.by === 'rancher') {
    return { ok: isPort80, evidence: `pod ${seen.pod} on ${seen.node} logged the path; ${way}` }
  }
  const isRefusal = isRanchersRefusal(answer)
  const said = `${isRefusal ? 'Rancher itself' : 'something that is not Rancher'} answered ${answer.status}`
  const note = 'by configuration, not by log: set auditLog.level 1 in helm-values to see it at the pod'
  return { ok: isPort80 && isRefusal, evidence: `${said}; ${way}; ${note}` }
}

/** The API below /v3 refuses in JSON of its own kind; no ingress controller answers so. */
function isRanchersRefusal({ status, body }: Pick<Answer, 'status' | 'body'>): boolean {
  return (status === 401 || status === 404) && /"type"\s*:\s*"error"/.test(body)
}

async function readPath(kube: Kube, hostname: string): Promise<ConfiguredPath> {
  const namespace = 'cattle-system'
  const [ingresses, services, slices] = await Promise.all([
    kube.list<V1Ingress>({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace }),
    kube.list<V1Service>({ apiVersion: 'v1', kind: 'Service', namespace }),
    kube.list<V1EndpointSlice>({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace }),
  ])
  return followIngress(hostname, ingresses, services, slices)
}

/** Logs are written a little after the answer: they are looked at a few times. */
async function findTrace(kube: Kube, token: string, pods: V1Pod[], signal: AbortSignal): Promise<Trace | undefined> {
  const audited = pods.filter(({ spec }) => spec?.containers.some(({ name }) => name === AUDIT_CONTAINER))
  const ingress = await ingressPods(kube)
  if (audited.length === 0 && ingress.length === 0) return undefined
  for (let look = 1; look <= LOOKS; look++) {
    const traces = await Promise.all([
      ...audited.map((pod) => auditTrace(kube, pod, token)),
      ...ingress.map((pod) => accessTrace(kube, pod, token, pods)),
    ])
    const found = traces.find((trace) => trace !== undefined)
    if (found !== undefined || look === LOOKS) return found
    await delay(LOOK_EVERY_MS, undefined, { signal })
  }
}

async function auditTrace(kube: Kube, pod: V1Pod, token: string): Promise<Trace | undefined> {
  const name = pod.metadata?.name ?? ''
  const log = await readLog(kube, pod, AUDIT_CONTAINER)
  return log.includes(token) ? { by: 'rancher', pod: name, node: pod.spec?.nodeName ?? '' } : undefined
}

async function accessTrace(kube: Kube, pod: V1Pod, token: string, rancher: V1Pod[]): Promise<Trace | undefined> {
  const log = await readLog(kube, pod, 'controller')
  const addresses = rancher.flatMap(({ status }) => (status?.podIP === undefined ? [] : [status.podIP]))
  const upstream = upstreamOf(log, token, addresses)
  return upstream === undefined ? undefined : { by: 'ingress', upstream }
}

/** ingress-nginx ends its lines with "[upstream name] [] ADDRESS:PORT length time status id". */
export function upstreamOf(log: string, token: string, pods: string[]): string | undefined {
  const line = log.split('\n').find((candidate) => candidate.includes(token))
  return line?.split(/\s+/).find((word) => pods.some((address) => word.startsWith(`${address}:`)))
}

async function ingressPods(kube: Kube): Promise<V1Pod[]> {
  const lists = await Promise.all([
    kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'ingress-nginx' }),
    kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'kube-system' }, INGRESS_IN_SYSTEM),
  ])
  return lists.flat().filter(({ spec }) => spec?.containers.some(({ image }) => image?.includes('nginx-ingress')))
}

const INGRESS_IN_SYSTEM = 'app.kubernetes.io/name=rke2-ingress-nginx'

/** A pod that cannot be asked (its node is down) has no say; another one may have it. */
async function readLog(kube: Kube, { metadata, spec }: V1Pod, container: string): Promise<string> {
  const known = spec?.containers.find(({ name }) => name === container) ?? spec?.containers[0]
  const pod = { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '', container: known?.name ?? container }
  return kube.logs(pod, SINCE_SECONDS).catch(() => '')
}
