import { BlockList, isIPv4 } from 'node:net'

/** Where load goes: a name and its certificate's authority, at one address. */
export type Target = { hostname: string; address: string; ca: string; port?: number }

/** Networks of the lab, of the machines that tests make themselves, and this machine. */
const ALLOWED = new BlockList()
ALLOWED.addSubnet('10.77.0.0', 16)
ALLOWED.addSubnet('10.78.0.0', 24)
ALLOWED.addSubnet('127.0.0.0', 8)

/** @throws Error for an address that is not the lab's: nobody else is to get load from a test */
export function throwStranger({ address }: Target): void {
  if (!isIPv4(address) || !ALLOWED.check(address)) throw new Error(`load: ${address} is no address of the lab`)
}
