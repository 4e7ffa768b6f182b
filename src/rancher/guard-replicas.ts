import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node'
import { NAMESPACE } from './facts.ts'
import type { Kube } from './kube.ts'
import type { RollOut } from './roll-out.ts'
import { tellFewest, whileRollingOut } from './watch-roll-out.ts'

const GUARD = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', namespace: NAMESPACE, name: 'rancher-ha-upgrade' }

export type Guarding = {
  /** The API, opened anew: what was open before may have been restarted. */
  reopen: () => Promise<Kube>
  log: (line: string) => void
  seen?: ((now: RollOut) => void) | undefined
  signal: AbortSignal
}

/**
 * Does work that drains nodes while a disruption budget lets one replica of Rancher go at a time: whoever drains waits for
 * the replica of the node before to be ready again. rke does not; a Rancher that takes longer to start than rke for a node
 * would end with none. The budget is taken away afterwards; one that a killed run left is used again, and taken away then.
 */
export async function whileGuarded(
  kube: Kube,
  work: (signal: AbortSignal) => Promise<void>,
  { reopen, log, seen, signal }: Guarding,
): Promise<void> {
  await guard(kube)
  try {
    tellFewest(await whileRollingOut(kube, work, { log, signal, judges: false, seen }), log)
  } finally {
    await reopen()
      .then(unguard)
      .catch((error: Error) => log(`warning: PodDisruptionBudget ${GUARD.name} could not be removed: ${error.message}`))
  }
}

/** Gone after it, whoever left it. */
export async function unguard(kube: Kube): Promise<void> {
  await kube.remove(GUARD)
}

async function guard(kube: Kube): Promise<void> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }
  const replicas = (await kube.get<V1Deployment>(ref))?.spec?.replicas ?? 0
  // With one replica a budget would let nobody drain its node.
  if (replicas < 2) return
  const { apiVersion, kind, namespace, name } = GUARD
  await kube.apply({
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec: { minAvailable: replicas - 1, selector: { matchLabels: { app: 'rancher' } } },
  } as KubernetesObject)
}
