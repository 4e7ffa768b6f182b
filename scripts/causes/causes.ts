import type { ErrorKind } from '../../src/errors.ts'
import { aws } from './aws.ts'
import { before } from './before.ts'
import type { Causes } from './cause.ts'
import { during } from './during.ts'
import { snapshots } from './snapshots.ts'
import { upgradeRefused } from './upgrade-refused.ts'
import { upgradeUnderWay } from './upgrade-under-way.ts'

export const causes: Causes = { ...before, ...during, ...snapshots, ...aws, ...upgradeRefused, ...upgradeUnderWay }

/** What a kind means; whoever branches on the output `error-kind` reads this. */
export const KINDS: Record<ErrorKind, string> = {
  input: 'An input is wrong; all that are wrong are told at once. Nothing was touched.',
  preflight: 'What stands forbids going on: a machine, the network, a permission, another owner. Nothing was changed.',
  cloud: 'The provider, or GitHub, did not do what was asked of it.',
  ssh: 'A machine could not be reached, or a command on it failed.',
  kubernetes: 'Kubernetes or etcd did not become or stay what it has to be.',
  rancher: 'Rancher, its chart or Helm did not do what was asked.',
  snapshot: 'A copy of the data could not be made, or cannot be trusted.',
  lease: 'Another run holds the stack, or this one lost it.',
  timeout: 'A step, or the run, was not done in time, or was cancelled.',
  bug: 'Ours to mend: please report it with the log of the run.',
}
