import { resolveAll } from '../infrastructure/network.ts'
import { pause } from '../remote/pause.ts'
import type { InstallRun } from '../run.ts'
import type { Seen } from './seen.ts'

const POLL_MS = 10_000

/**
 * Where a person has to make the record of the name, says which, and waits for it as long as `dns-wait` allows. A record
 * that does not come leaves the run pending, not failed: everything else is proven all the same.
 *
 * @returns the rows of the proof that are pending
 */
export async function awaitName(
  { settings, report, clock, signal }: InstallRun,
  { infrastructure }: Pick<Seen, 'infrastructure'>,
  resolve: (name: string) => Promise<string[]> = resolveAll,
): Promise<{ id: string; evidence: string }[]> {
  const { hostname, addresses, toMake } = infrastructure.name
  if (toMake === undefined || addresses.length > 0) return []
  const record = `${hostname} ${toMake.type} ${toMake.value}`
  report.next({ text: `Make this DNS record: ${record}` })
  const isMade = await report.step(`Wait for the record ${hostname}`, async () => {
    const end = clock.now() + settings.dnsWaitMs
    for (;;) {
      if ((await resolve(hostname)).length > 0) return true
      if (clock.now() >= end) return false
      report.waitingFor(`the record ${record}`)
      await pause(clock, Math.min(POLL_MS, end - clock.now()), signal)
      signal.throwIfAborted()
    }
  })
  if (isMade) return []
  report.warning(`The name is pending: ${hostname} does not resolve until this record is made: ${record}`)
  return [{ id: 'name-resolves', evidence: `pending: nobody has made the record ${record} yet` }]
}
