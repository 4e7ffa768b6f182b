import { CERT_MANAGER_NAMESPACE, type RancherFacts } from './facts.ts'
import type { Kube } from './kube.ts'
import { until } from './until.ts'
import type { Values } from './values.ts'

/** Its kinds come with the chart and stay when it goes: Rancher's certificate is one of them (since 1.15). */
export const CERT_MANAGER_VALUES: Values = { crds: { enabled: true, keep: true }, startupapicheck: { timeout: '5m' } }

const DEADLINE_MS = 5 * 60_000

/** Its kinds without a release of that name: somebody else's cert-manager, which we use and leave alone. */
export function isForeign({ certManager: { release, kinds } }: Pick<RancherFacts, 'certManager'>): boolean {
  return release === undefined && kinds
}

/** Whether nothing of cert-manager is left to be installed or waited for. */
export function standsCertManager(facts: Pick<RancherFacts, 'certManager'>): boolean {
  const { release, ready } = facts.certManager
  return isForeign(facts) || (release?.status === 'deployed' && ready !== undefined && ready.ready >= ready.wanted)
}

/**
 * Waits until cert-manager's webhook takes an Issuer, as a dry run: its pods are ready before its serving
 * certificate is injected, and what asks it in between is refused (cert-manager.io/docs/troubleshooting/webhook).
 */
export async function proveCertManager(kube: Kube, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  const issuer = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: 'rancher-ha-probe', namespace: CERT_MANAGER_NAMESPACE },
    spec: { selfSigned: {} },
  }
  const what = "cert-manager's webhook takes an Issuer"
  const next = 'Look at: kubectl -n cert-manager get pods. Then run the same again.'
  await until({ what, deadlineMs: DEADLINE_MS, signal, log, next }, async () => {
    const { accepted, why } = await kube.wouldCreate(issuer)
    return { ok: accepted, evidence: why }
  })
}
