import { randomUUID } from 'node:crypto'
import type { KubernetesObject, V1Deployment, V1Pod } from '@kubernetes/client-node'
import { bare, compareVersions, minorOf } from '../versions/version.ts'
import type { RancherClient } from './client.ts'
import { NAMESPACE } from './facts.ts'
import { deploymentFacts, isRolledOut } from './inspect.ts'
import type { Kube } from './kube.ts'
import { readReleaseOf } from './release.ts'
import { type Look, until } from './until.ts'

export type Readiness = {
  kube: Kube
  /** Asked anew for each look: the CA that signs may be there later than the pods. */
  client: () => Promise<RancherClient>
  /** Rancher's version: the ladder grew with it. */
  version: string
  /** After a change of version what stands is of the former one: Rancher has to say which it is, and renew its webhook. */
  afresh?: boolean
  signal: AbortSignal
  log: (line: string) => void
}

type Rung = { what: string; look: () => Promise<Look>; withinMs?: number }

/**
 * Where Rancher answered through the same load balancer a moment ago, pods that are ready and do not answer are no
 * matter of waiting; their users wait too.
 */
const ANSWER_MS = 3 * 60_000
/** For the whole ladder; Rancher's own CI gives its three slowest rungs ten minutes each. */
const LADDER_MS = 15 * 60_000

/**
 * Waits for Rancher to be ready, one rung after the other, as Rancher's own CI does: a pod that answers
 * `/ping` may still refuse writes, because its webhook is started by Rancher itself, later.
 *
 * @throws StackError of kind `timeout` that names the rung and what was seen there
 */
export async function proveReady(readiness: Readiness): Promise<void> {
  const { signal, log } = readiness
  const endsAt = performance.now() + LADDER_MS
  for (const { what, look, withinMs = LADDER_MS } of ladder(readiness)) {
    const next = 'Look at: kubectl -n cattle-system get pods,events. Then run the same again.'
    const deadlineMs = Math.min(endsAt - performance.now(), readiness.afresh === true ? withinMs : LADDER_MS)
    const evidence = await until({ what, deadlineMs, signal, log, next }, look)
    log(`${what}: ${evidence}`)
  }
}

function ladder({ kube, client, version, afresh = false, signal }: Readiness): Rung[] {
  const since = (minor: string) => compareVersions(minorOf(version), minor) >= 0
  const rungs: (Rung | false)[] = [
    { what: 'Rancher is rolled out', look: () => lookAtDeployment(kube, 'rancher') },
    {
      what: '/ping answers through the load balancer',
      look: async () => lookAtPing(await client(), signal),
      withinMs: ANSWER_MS,
    },
    {
      what: '/dashboard/ answers through the load balancer',
      look: async () => lookAtDashboard(await client(), signal),
      withinMs: ANSWER_MS,
    },
    afresh && { what: `Rancher says it is ${version}`, look: () => lookAtServerVersion(kube, version) },
    afresh && { what: 'rancher-webhook is the one Rancher asks for', look: () => lookAtWebhookVersion(kube) },
    { what: 'rancher-webhook is available', look: () => lookAtDeployment(kube, 'rancher-webhook') },
    since('2.13') && { what: 'capi-webhook-service is there', look: () => lookAtCapi(kube) },
    since('2.12') && { what: "Rancher's extension API is available", look: () => lookAtExtensionApi(kube) },
    {
      what: 'the login endpoint refuses an unknown user',
      look: async () => lookAtLogin(await client(), signal),
      withinMs: ANSWER_MS,
    },
  ]
  return rungs.filter((rung) => rung !== false)
}

async function lookAtDeployment(kube: Kube, name: string): Promise<Look> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name }
  const deployment = await kube.get<V1Deployment>(ref)
  if (deployment === undefined) return { ok: false, evidence: `no deployment ${name} yet` }
  const facts = deploymentFacts(deployment)
  if (isRolledOut(facts)) return { ok: true, evidence: `${facts.ready} of ${facts.replicas} replicas ready` }
  const why = await whyNotReady(kube, name)
  const state = `${facts.ready} of ${facts.replicas} replicas ready, ${facts.updated} updated`
  return { ok: false, evidence: why === '' ? state : `${state}; ${why}` }
}

/** What keeps the pods of a deployment from being ready, in their containers' and the scheduler's words; may be ''. */
export async function whyNotReady(kube: Kube, app: string): Promise<string> {
  const pods = await kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }, `app=${app}`)
  const reasons = pods.flatMap(({ metadata, status }) => {
    const waiting = (status?.containerStatuses ?? []).flatMap(({ name, state }) =>
      state?.waiting?.reason === undefined ? [] : [`${name}: ${state.waiting.reason}`],
    )
    const unscheduled = (status?.conditions ?? [])
      .filter(({ type, status }) => type === 'PodScheduled' && status === 'False')
      .map(({ message, reason }) => message ?? reason ?? 'not scheduled')
    return [...waiting, ...unscheduled].map((reason) => `${metadata?.name} ${reason}`)
  })
  return reasons.join('; ')
}

async function lookAtPing(client: RancherClient, signal: AbortSignal): Promise<Look> {
  const { status, body } = await client.ask('/ping', { signal })
  return { ok: status === 200 && body.trim() === 'pong', evidence: `${status} ${body.trim().slice(0, 60)}` }
}

async function lookAtDashboard(client: RancherClient, signal: AbortSignal): Promise<Look> {
  const { status } = await client.ask('/dashboard/', { signal })
  return { ok: status === 200, evidence: `status ${status}` }
}

/**
 * Rancher writes its version into a setting once it has brought the stored data to what it needs. Where an image with a
 * tag of its own was asked for, nobody knows what that one calls itself.
 */
async function lookAtServerVersion(kube: Kube, version: string): Promise<Look> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }
  const [deployment, said] = await Promise.all([kube.get<V1Deployment>(ref), settingOf(kube, 'server-version')])
  const image = deployment === undefined ? '' : deploymentFacts(deployment).image
  if (bare(image.slice(image.lastIndexOf(':') + 1)) !== bare(version)) {
    return { ok: true, evidence: `its image ${image} has a tag of its own` }
  }
  return { ok: bare(said ?? '') === bare(version), evidence: `server-version is ${said ?? 'not there'}` }
}

/** Rancher installs its webhook as a chart of its own, in the version that this setting names; empty: any. */
async function lookAtWebhookVersion(kube: Kube): Promise<Look> {
  const [wanted, release] = await Promise.all([
    settingOf(kube, 'rancher-webhook-version'),
    readReleaseOf(kube, NAMESPACE, 'rancher-webhook'),
  ])
  if (wanted === undefined || wanted === '') return { ok: true, evidence: 'Rancher asks for no version of its own' }
  const installed = release?.deployed?.chartVersion
  return { ok: installed === wanted, evidence: `asked ${wanted}, installed ${installed ?? 'none'}` }
}

type Setting = KubernetesObject & { value?: string; default?: string }

async function settingOf(kube: Kube, name: string): Promise<string | undefined> {
  const found = await kube.get<Setting>({ apiVersion: 'management.cattle.io/v3', kind: 'Setting', name })
  return found === undefined ? undefined : found.value || (found.default ?? '')
}

async function lookAtCapi(kube: Kube): Promise<Look> {
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'cattle-capi-system', name: 'capi-webhook-service' }
  const service = await kube.get(ref)
  return { ok: service !== undefined, evidence: service === undefined ? 'not there yet' : 'there' }
}

type ApiService = KubernetesObject & { status?: { conditions?: { type: string; status: string; message?: string }[] } }

async function lookAtExtensionApi(kube: Kube): Promise<Look> {
  const name = 'v1.ext.cattle.io'
  const service = await kube.get<ApiService>({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name })
  const available = service?.status?.conditions?.find(({ type }) => type === 'Available')
  return { ok: available?.status === 'True', evidence: available?.message ?? 'not registered yet' }
}

async function lookAtLogin(client: RancherClient, signal: AbortSignal): Promise<Look> {
  const { endpoint, status } = await client.login({ username: randomUUID(), password: randomUUID() }, signal)
  return { ok: status === 401, evidence: `${endpoint} answers ${status}` }
}
