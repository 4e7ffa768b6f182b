import type { KubernetesObject, V1Deployment, V1Pod } from '@kubernetes/client-node'
import { asStackError } from '../errors.ts'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'
import { until } from './until.ts'

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }
/** A pod whose containers do not hear TERM takes 30 s. */
const ENDED_MS = 60_000

/**
 * Ends every replica of Rancher, so that nobody writes through it any more: what is looked at next is all that was written.
 * Rancher's documentation asks for the same before its data are put back. Replicas that do not end are told, and are no
 * reason to leave a broken Rancher as it is.
 *
 * @returns wakes as many replicas again; who is killed before leaves none (`wake`)
 * @see Rancher, "Rollbacks", step 2: "Scale down the Rancher deployment"
 */
export async function quiet(
  kube: Kube,
  { log, signal }: { log: (line: string) => void; signal: AbortSignal },
): Promise<() => Promise<void>> {
  const replicas = (await kube.get<V1Deployment>(DEPLOYMENT))?.spec?.replicas ?? 0
  if (replicas === 0) return async () => {}
  await scale(kube, 0)
  await until({ what: 'every replica of Rancher has ended', deadlineMs: ENDED_MS, signal, log }, async () => {
    const pods = await kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }, 'app=rancher')
    return { ok: pods.length === 0, evidence: pods.map(({ metadata }) => metadata?.name ?? '').join(', ') }
  }).catch((thrown: unknown) => {
    signal.throwIfAborted()
    log(`warning: ${asStackError(thrown).message}`)
  })
  return async () => await wake(kube, replicas)
}

/** Lets so many replicas of Rancher run again. */
export async function wake(kube: Kube, replicas: number): Promise<void> {
  await scale(kube, replicas)
}

async function scale(kube: Kube, replicas: number): Promise<void> {
  const { apiVersion, kind, name, namespace } = DEPLOYMENT
  await kube.apply({ apiVersion, kind, metadata: { name, namespace }, spec: { replicas } } as KubernetesObject)
}
