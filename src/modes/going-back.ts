import type { Upgrading } from '../kubernetes/distribution.ts'
import type { NodeLease } from '../remote/lease.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import type { Stack } from './stack.ts'
import type { Failed } from './upgrade-work.ts'
import type { WantedUpgrade } from './want-upgrade.ts'
import type { EndpointWatch } from './watch-endpoint.ts'
import type { Cure } from './way-back.ts'

/** All that the way back works with. */
export type GoingBack = {
  stack: Stack
  snapshots: Snapshots
  lease: NodeLease
  wanted: WantedUpgrade
  endpoint: EndpointWatch
  /** Ids of the sentences that were broken before the upgrade. */
  broken: string[]
  failed: Failed
  /** undefined when there is no point of return. */
  upgrading: Upgrading | undefined
  /** What was tried already; what is tried here is added. */
  tried: Cure[]
}
