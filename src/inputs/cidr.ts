import { late } from '../late.ts'
import { Expected } from './expected.ts'

/** "10.0.0.0/8" or "fd00::/8"; a bare address is one of that address alone. @throws Expected */
export function parseCidr(text: string): string {
  const [address = '', length, ...rest] = text.split('/')
  const bits = late.net.isIPv4(address) ? 32 : late.net.isIPv6(address) ? 128 : undefined
  const prefix = length ?? String(bits)
  const fits = bits !== undefined && rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
  if (!fits) throw new Expected('an address range such as 10.0.0.0/8', text)
  return `${address}/${Number(prefix)}`
}
