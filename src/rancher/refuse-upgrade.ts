import type { Refusal } from '../errors.ts'
import type { RancherSettings } from '../settings.ts'
import { refuseRke1 } from './downstream.ts'
import type { RancherFacts } from './facts.ts'
import { refuseValues } from './owned-values.ts'
import { refuseHostname, refusePending } from './refuse.ts'
import { refuseRemoved } from './removed-values.ts'
import { upgradeValues } from './upgrade-values.ts'

/** What is asked of a Rancher that runs. */
export type WantedUpgrade = {
  hostname: string
  nodeCount: number
  /** The version at the end of the path; the running one when it stays. */
  rancher: string | undefined
  /** Whether its release is touched at all. */
  changes: boolean
}

/** What stands against an upgrade of this Rancher, all at once. Pure. */
export function refuseUpgrade(facts: RancherFacts, wanted: WantedUpgrade, settings: RancherSettings): Refusal[] {
  const { release, readAt, certManager } = facts
  const { hostname, nodeCount, rancher } = wanted
  const values = release?.values ?? {}
  return [
    ...refuseAbsent(facts),
    ...refuseHostname(facts, hostname),
    ...refuseValues(
      settings.helmValues,
      { hostname, nodeCount, bootstrapPassword: undefined, tls: settings.tls },
      values,
    ),
    ...(rancher === undefined || !wanted.changes ? [] : refuseRemoved(upgradeValues(facts, settings), rancher)),
    ...(rancher === undefined || !wanted.changes ? [] : refuseRke1(facts.downstream, rancher)),
    ...refusePending('rancher', release, readAt),
    ...refusePending('cert-manager', certManager.release, readAt),
  ]
}

/** Only what runs can be upgraded. */
function refuseAbsent({ release }: RancherFacts): Refusal[] {
  if (release?.deployed !== undefined) return []
  return [
    {
      kind: 'preflight',
      subject: 'rancher',
      what: release === undefined ? 'there is no Rancher on this cluster.' : 'its first install never came to its end.',
      next: 'Run mode install with the inputs of the stack, then upgrade.',
    },
  ]
}
