import type { Refusal } from '../../errors.ts'

type Machine = { name: string; address: string; port: number; privateAddress: string; addresses: string[] }

/** Two lines of `hosts` that end at the same machine: one node would be counted twice. Ports tell machines behind one address apart. */
export function refuseTwins(machines: Machine[]): Refusal[] {
  return machines.flatMap((machine, index) => {
    const twin = machines.slice(0, index).find((other) => isSame(other, machine))
    if (twin === undefined) return []
    const refusal: Refusal = {
      kind: 'preflight',
      subject: machine.name,
      what: `${machine.address} is the same machine as ${twin.name} (${twin.address}).`,
      next: 'Give each machine one line in `hosts`.',
    }
    return [refusal]
  })
}

/** @param addresses what the load balancer's name stands for */
export function refuseBalancer(loadBalancer: string, addresses: string[]): Refusal[] {
  if (addresses.length > 0) return []
  return [
    {
      kind: 'preflight',
      subject: 'load-balancer',
      what: `${loadBalancer} does not resolve to an address.`,
      next: 'Give `load-balancer` an address, or a name this runner can resolve.',
    },
  ]
}

function isSame(a: Machine, b: Machine): boolean {
  if (a.privateAddress === b.privateAddress) return true
  if (a.port !== b.port) return false
  return a.address === b.address || a.addresses.some((address) => b.addresses.includes(address))
}
