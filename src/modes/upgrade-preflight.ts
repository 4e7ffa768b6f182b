import type { Refusal } from '../errors.ts'
import type { UpgradeRun } from '../run.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

/** All that can be known to fail before anything is touched: places, room, programs, the charts with their values. */
export async function preflight(
  { settings, signal }: UpgradeRun,
  stack: Stack,
  snapshots: Snapshots,
  seen: Seen,
  { path, replacements }: WantedUpgrade,
): Promise<Refusal[]> {
  if (path.legs.length === 0 && replacements.length === 0) return []
  const [places, room, charts] = await Promise.all([
    snapshots.preflight({ write: true, remove: false }),
    stack.distribution.refuseSnapshot(stack.hosts),
    tryCharts(stack, seen, path, signal),
    settings.verify === 'restore' ? stack.tools.etcd() : undefined,
  ])
  return [...places, ...room, ...charts]
}

/** Each Rancher of the path, with the values it is to get, on the Kubernetes it is to meet. */
async function tryCharts(
  { rancher }: Stack,
  seen: Seen,
  { legs, running }: WantedUpgrade['path'],
  signal: AbortSignal,
): Promise<Refusal[]> {
  let kubernetes = running.kubernetes ?? ''
  const refusals: Refusal[] = []
  for (const leg of legs) {
    if (leg.kind === 'kubernetes') kubernetes = leg.to
    if (leg.kind === 'rancher') refusals.push(...(await rancher.tryUpgrade(seen.rancher, leg.to, kubernetes, signal)))
  }
  return refusals
}
