import { cloud } from './cloud.ts'
import { input } from './input.ts'
import { bug, kubernetes, lease, rancher, ssh, timeout } from './others.ts'
import { preflight } from './preflight.ts'
import { snapshot } from './snapshot.ts'
import type { Tried } from './trial.ts'

/** Every way out that the code can print, with the tests that try it. */
export const tried: Tried = { input, preflight, cloud, ssh, kubernetes, rancher, snapshot, lease, timeout, bug }
