import type { Refusal } from '../errors.ts'
import type { UpgradeSettings } from '../settings.ts'
import { fits } from '../versions/fits.ts'
import { TESTED } from '../versions/table.ts'
import { describeEnding, endingWithin } from './certificates-end.ts'
import { refuseNotRunning } from './refuse-not-running.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

/** Everything the facts forbid of an upgrade, all rooms at once. Pure. */
export function refuseUpgrade(
  { distribution, rancher }: Pick<Stack, 'distribution' | 'rancher'>,
  seen: Seen,
  { hostname, cluster, path }: WantedUpgrade,
  settings: UpgradeSettings,
  now: Date,
): Refusal[] {
  const nodeCount = cluster.nodes.length
  const changes = path.legs.some(({ kind }) => kind === 'rancher')
  const runs = seen.cluster.state === 'running'
  return [
    ...seen.infrastructure.refusals,
    ...refuseNotRunning(seen.cluster),
    ...(runs ? [...refuseUnknown(seen), ...refuseNodes(cluster.nodes.length, settings)] : []),
    ...(runs && distribution.upgrading(seen.cluster) === undefined ? refuseStopped(seen) : []),
    ...distribution.refuseUpgrade(seen.cluster, cluster),
    ...(runs
      ? rancher.refuseUpgrade(seen.rancher, { hostname, nodeCount, rancher: path.target.rancher, changes })
      : []),
    ...refuseCertManager(seen, settings),
    ...refuseCa(seen, now),
    ...path.refusals,
    ...refuseHelm(path, settings),
  ]
}

/** What nobody of ours has asked for yet has no record to go by. */
function refuseUnknown({ cluster }: Seen): Refusal[] {
  if (cluster.asked !== undefined) return []
  const what = 'this cluster was not taken up by this action yet.'
  return [preflight('cluster', what, 'Run mode install with the inputs of the stack once: it changes no version.')]
}

function refuseNodes(count: number, { nodeCount }: UpgradeSettings): Refusal[] {
  if (nodeCount === undefined || nodeCount === count) return []
  const what = `the stack has ${count} nodes, asked are ${nodeCount}; upgrade does not change how many.`
  return [preflight('node-count', what, INSTALL_FIRST)]
}

/** An upgrade that is on its way starts its machines again itself. */
function refuseStopped({ infrastructure }: Seen): Refusal[] {
  const stopped = infrastructure.nodes.filter(({ state }) => state === 'stopped').map(({ name }) => name)
  return stopped.length === 0 ? [] : [preflight(stopped.join(', '), 'does not run.', INSTALL_FIRST)]
}

const INSTALL_FIRST = 'Run mode install with the inputs of the stack, then upgrade.'

function refuseCertManager({ rancher: { certManager } }: Seen, { rancher }: UpgradeSettings): Refusal[] {
  if (rancher.certManagerVersion === undefined || certManager.release?.deployed !== undefined) return []
  const what = certManager.kinds
    ? 'cert-manager was installed by somebody else, and is left alone.'
    : 'there is no cert-manager here: the certificate is not its affair.'
  return [preflight('cert-manager-version', what, 'Leave out cert-manager-version.')]
}

/** A new CA is another matter than new certificates: every kubeconfig and every pod has to learn it. */
function refuseCa({ cluster }: Seen, now: Date): Refusal[] {
  const ending = endingWithin(
    cluster.certificates.filter(({ isCa }) => isCa),
    now,
  )
  if (ending.length === 0) return []
  const what = `a CA of the cluster is about to end: ${describeEnding(ending, now)}. New certificates would end with it.`
  return [
    preflight(
      'certificates',
      what,
      'Make a new CA by hand first, as docs/upgrade.md shows: rke cert rotate --rotate-ca, and a restart of what runs in the cluster. Then remove stack.json of this stack below /var/lib/rancher-ha on every node, and run mode install with the new cluster.rkestate as rke-state.',
    ),
  ]
}

/** The helm of this run meets every Kubernetes of the path. */
function refuseHelm({ legs, running }: WantedUpgrade['path'], { tools }: UpgradeSettings): Refusal[] {
  if (!legs.some(({ kind }) => kind === 'rancher' || kind === 'cert-manager')) return []
  const helm = tools.helmVersion ?? (tools.bundle === undefined ? TESTED.helm : undefined)
  const all = [running.kubernetes, ...legs.flatMap((leg) => (leg.kind === 'kubernetes' ? [leg.to] : []))]
  const refusals = all.flatMap((kubernetes) => fits({ helm, kubernetes }))
  return [...new Map(refusals.map((refusal) => [refusal.what, refusal])).values()]
}

function preflight(subject: string, what: string, next: string): Refusal {
  return { kind: 'preflight', subject, what, next }
}
