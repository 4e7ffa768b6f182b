import { docker } from '../host/docker.ts'
import { containerOf, type StackMachine } from './machines.ts'
import type { Fault } from './network.ts'

/**
 * Lets the command `date` of a machine tell a time this many seconds ahead (negative: behind). Containers share one
 * kernel and thereby one wall clock (a time namespace moves only the monotonic ones), so nothing but what asks `date`
 * is deceived: preflight checks that ask it over SSH are tested by this, certificates and leases are not.
 */
export async function skewClock(machine: StackMachine, seconds: number): Promise<Fault> {
  const lie = '/usr/local/bin/date'
  const script = `#!/bin/sh\nexec /usr/bin/date --date '${Math.trunc(seconds)} seconds' "$@"\n`
  const container = containerOf(machine)
  await docker(['exec', '--interactive', container, 'sh', '-c', `cat >${lie} && chmod 755 ${lie}`], { input: script })
  return {
    async [Symbol.asyncDispose]() {
      await docker(['exec', container, 'rm', '-f', lie])
    },
  }
}
