import { lookup } from 'node:dns/promises'
import type { ConformanceContext } from './context.ts'
import type { Probe, Verdict } from './probe.ts'

export function nameResolves({ hostname, loadBalancer, resolve = addressesOf }: ConformanceContext): Probe {
  return {
    id: 'name-resolves',
    sentence: 'The host name resolves to the load balancer.',
    deadlineMs: 120_000,
    async ask() {
      if (loadBalancer === undefined) return { ok: false, evidence: 'no load balancer is known' }
      const [name, balancer] = await Promise.all([resolve(hostname), resolve(loadBalancer)])
      return judgeName(hostname, name, balancer)
    },
  }
}

/** Every address of the name must be one of the balancer's: one that is not takes a part of the users elsewhere. */
export function judgeName(hostname: string, name: string[], balancer: string[]): Verdict {
  if (name.length === 0) return { ok: false, evidence: `${hostname} does not resolve` }
  const elsewhere = name.filter((address) => !balancer.includes(address))
  if (elsewhere.length === 0) return { ok: true, evidence: `${hostname} is ${name.join(', ')}` }
  const expected = balancer.join(', ') || 'unknown'
  return { ok: false, evidence: `${hostname} is ${name.join(', ')}; the load balancer is ${expected}` }
}

/** Empty when the name is not known. */
async function addressesOf(name: string): Promise<string[]> {
  try {
    const found = await lookup(name, { all: true })
    return found.map(({ address }) => address)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw thrown
  }
}
