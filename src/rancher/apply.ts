import type { KubernetesObject, V1Deployment, V1Secret } from '@kubernetes/client-node'
import { StackError } from '../errors.ts'
import type { Api } from '../kubernetes/distribution.ts'
import type { RancherSettings } from '../settings.ts'
import { keepingBootstrapSecret } from './bootstrap-secret.ts'
import { CERT_MANAGER_VALUES, proveCertManager } from './cert-manager.ts'
import type { ChartFinder, Fetch } from './chart.ts'
import { openClient } from './client.ts'
import { NAMESPACE, type RancherFacts, type WantedRancher } from './facts.ts'
import { setServerUrl } from './first-login.ts'
import { inspect } from './inspect.ts'
import { type Charts, installCertManager, installRancher } from './install-chart.ts'
import type { Kube } from './kube.ts'
import { askedValues, type RancherChange } from './plan.ts'
import { proveReady, whyNotReady } from './ready.ts'
import type { RollOut } from './roll-out.ts'
import { caSecrets, endSigning, findCa, type GivenTls, tlsSecrets } from './tls.ts'
import { rollBack, type UpgradeTools, upgradeCertManager, upgradeRancher } from './upgrade.ts'
import { overlay, type Values, without } from './values.ts'

/** What carrying out a change of Rancher needs beside the change itself. */
export type Workshop = {
  settings: RancherSettings
  hostname: string
  wanted: Pick<WantedRancher, 'hostname' | 'nodeCount'>
  /** Address of the load balancer, known by the time Rancher is asked. */
  loadBalancer: () => string
  helmBinary: () => Promise<string>
  findChart: ChartFinder | undefined
  fetch: Fetch
  folder: string
  mask: (secret: string) => void
  log: (line: string) => void
  /** Told of every look at Rancher's pods while they are replaced. */
  seen?: ((now: RollOut) => void) | undefined
}

/** Carries out one change; safe to repeat. Reads again what it needs: a plan holds no secret. */
export async function applyChange(
  change: RancherChange,
  shop: Workshop,
  { kube, kubeconfigFile }: { kube: Kube; kubeconfigFile: Api['kubeconfigFile'] },
  signal: AbortSignal,
): Promise<void> {
  const { settings, log } = shop
  const charts = async (stop = signal): Promise<Charts> => ({
    helm: await shop.helmBinary(),
    kubeconfig: kubeconfigFile,
    folder: shop.folder,
    chart: settings.chart,
    findChart: shop.findChart,
    fetch: shop.fetch,
    signal: stop,
  })
  const client = async () => {
    const ca = await findCa(kube, settings.tls)
    return openClient({ hostname: shop.hostname, address: shop.loadBalancer(), ca })
  }

  const tools: UpgradeTools = { kube, charts, client, settings, log, seen: shop.seen, signal }

  switch (change.kind) {
    case 'clear-stuck-release':
      return clearStuck(change, kube)
    case 'install-cert-manager':
      return installCertManager(await charts(), change.version, CERT_MANAGER_VALUES)
    case 'prove-cert-manager':
      return proveCertManager(kube, signal, log)
    case 'write-tls-secrets':
      return writeSecrets(tlsSecrets(given(settings)), kube)
    case 'write-tls-ca':
      return writeSecrets(caSecrets(given(settings)), kube)
    case 'take-over-tls':
      await endSigning(kube)
      return writeSecrets(tlsSecrets(given(settings)), kube)
    case 'install-rancher': {
      const values = valuesToInstall(await inspect(kube), change, shop)
      const tools = await charts()
      return keepingBootstrapSecret(kube, () =>
        installRancher(tools, change.version, values).catch((thrown: unknown) => explain(thrown, kube)),
      )
    }
    case 'upgrade-cert-manager':
      return upgradeCertManager(change.version, tools)
    case 'upgrade-rancher':
      return upgradeRancher(change.version, tools).catch((thrown: unknown) => explain(thrown, kube))
    case 'roll-back':
      return rollBack(change.release, change.revision, tools)
    case 'restart-rancher':
      return restart(kube)
    case 'prove-rancher':
      return proveReady({ kube, client, version: change.version, signal, log })
    case 'set-server-url':
      return setServerUrl({ kube, client: await client(), url: change.url, mask: shop.mask, signal, log })
  }
}

type Change<Kind extends RancherChange['kind']> = Extract<RancherChange, { kind: Kind }>

async function clearStuck({ namespace, secret }: Change<'clear-stuck-release'>, kube: Kube): Promise<void> {
  await kube.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret })
}

/** The values of the plan, with their secrets, from what is live and asked now. */
export function valuesToInstall(
  facts: RancherFacts,
  { dropped }: Pick<Change<'install-rancher'>, 'dropped'>,
  { settings, wanted }: Pick<Workshop, 'settings' | 'wanted'>,
): Values {
  return overlay(without(facts.release?.values ?? {}, dropped), askedValues(facts, wanted, settings))
}

function given({ tls }: RancherSettings): GivenTls {
  if (tls.source === 'secret') return tls
  throw new StackError('bug', 'A certificate was to be written, and none was given.')
}

async function writeSecrets(secrets: V1Secret[], kube: Kube): Promise<void> {
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  for (const secret of secrets) await kube.apply(secret)
}

/** As `kubectl rollout restart` does it: an annotation on the pod template. */
async function restart(kube: Kube): Promise<void> {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }
  if ((await kube.get<V1Deployment>(ref)) === undefined) return
  const annotations = { 'rancher-ha/restarted': new Date().toISOString() }
  const template = { metadata: { annotations } }
  const { apiVersion, kind, name, namespace } = ref
  await kube.apply({ apiVersion, kind, metadata: { name, namespace }, spec: { template } } as KubernetesObject)
}

/** helm says that it waited in vain; the pods say why. */
async function explain(thrown: unknown, kube: Kube): Promise<never> {
  if (!(thrown instanceof StackError) || thrown.kind !== 'rancher') throw thrown
  const why = await whyNotReady(kube, 'rancher').catch(() => '')
  throw new StackError('rancher', why === '' ? thrown.message : `${thrown.message}\n${why}`, {
    stands: 'The cluster stands, and what ran of Rancher before still runs.',
    next: thrown.next ?? 'Mend what is named above, then run the same again.',
    cause: thrown,
  })
}
