import { StackError } from '../errors.ts'
import type { RancherSettings } from '../settings.ts'
import { keepingBootstrapSecret } from './bootstrap-secret.ts'
import { CERT_MANAGER_VALUES, proveCertManager } from './cert-manager.ts'
import type { RancherClient } from './client.ts'
import { cureOf } from './cure.ts'
import { CERT_MANAGER_NAMESPACE, CERT_MANAGER_RELEASE, NAMESPACE, RELEASE } from './facts.ts'
import { runHelm } from './helm.ts'
import { inspect } from './inspect.ts'
import { type Charts, installCertManager, installRancher } from './install-chart.ts'
import type { Kube } from './kube.ts'
import { proveReady } from './ready.ts'
import type { RollOut } from './roll-out.ts'
import { upgradeValues } from './upgrade-values.ts'
import { overlay } from './values.ts'
import { tellFewest, whileRollingOut } from './watch-roll-out.ts'

export type UpgradeTools = {
  kube: Kube
  charts: (signal: AbortSignal) => Promise<Charts>
  client: () => Promise<RancherClient>
  settings: RancherSettings
  log: (line: string) => void
  /** Told of every look at the pods. */
  seen?: ((now: RollOut) => void) | undefined
  signal: AbortSignal
}

/**
 * Brings Rancher's release to another version with the values it has, and those asked for over them, and waits until
 * Rancher is ready: its pods, its answers, its webhook, its extension API.
 *
 * @throws StackError of kind `rancher` as soon as the new pods will not come; the former ones are left as they are
 */
export async function upgradeRancher(version: string, tools: UpgradeTools): Promise<void> {
  const { kube, charts, log, signal, client } = tools
  await throwFewReplicas(kube)
  await forgetStuck(kube, log)
  const values = upgradeValues(await inspect(kube), tools.settings)
  const rolled = await whileRollingOut(
    kube,
    async (stop) => {
      const tooled = await charts(stop)
      await keepingBootstrapSecret(kube, () => installRancher(tooled, version, values))
      await proveReady({ kube, client, version, afresh: true, signal: stop, log })
    },
    { log, signal, judges: true, seen: tools.seen },
  )
  tellFewest(rolled, log)
}

/** One replica is replaced at a time, so one that is missing already would leave too few. */
async function throwFewReplicas(kube: Kube): Promise<void> {
  const { deployment, release } = await inspect(kube)
  if (deployment === undefined || release?.status !== 'deployed') return
  const { replicas, ready } = deployment
  if (ready >= replicas) return
  throw new StackError('rancher', `of ${replicas} replicas of Rancher ${ready} are ready before the upgrade`, {
    stands: 'Rancher was not touched.',
    next: 'Look at: kubectl -n cattle-system get pods. Then run mode upgrade again.',
    retry: true,
  })
}

/** A killed Helm left its revision half-made, and no later call passes it. We hold the lease: it is not running. */
async function forgetStuck(kube: Kube, log: (line: string) => void): Promise<void> {
  const { release, certManager, readAt } = await inspect(kube)
  for (const [namespace, facts] of [
    [NAMESPACE, release],
    [CERT_MANAGER_NAMESPACE, certManager.release],
  ] as const) {
    const cure = cureOf(facts, readAt)
    if (cure.kind !== 'forget') continue
    log(`Clearing Helm's revision ${cure.revision} in ${namespace}, left "${cure.status}" by a call that was ended`)
    await kube.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name: cure.secret })
  }
}

/** cert-manager with the values it has, its kinds with it, until its webhook takes an Issuer. */
export async function upgradeCertManager(version: string, tools: UpgradeTools): Promise<void> {
  const { kube, charts, log, signal } = tools
  await forgetStuck(kube, log)
  const { release } = (await inspect(kube)).certManager
  await installCertManager(await charts(signal), version, overlay(release?.values ?? {}, CERT_MANAGER_VALUES))
  await proveCertManager(kube, signal, log)
}

const ROLLBACK_TIMEOUT = '10m'
const PLACES = {
  rancher: { release: RELEASE, namespace: NAMESPACE },
  'cert-manager': { release: CERT_MANAGER_RELEASE, namespace: CERT_MANAGER_NAMESPACE },
} as const

export type Rollable = keyof typeof PLACES

/** Puts a release back to one of its revisions; no data of Rancher's is touched. */
export async function rollBack(what: Rollable, revision: number, { charts, signal }: UpgradeTools): Promise<void> {
  const { helm, kubeconfig, folder } = await charts(signal)
  const { release, namespace } = PLACES[what]
  const place = [release, String(revision), '--namespace', namespace]
  const args = ['rollback', ...place, '--wait', '--timeout', ROLLBACK_TIMEOUT]
  await runHelm({ helm, kubeconfig, folder, signal, args })
}
