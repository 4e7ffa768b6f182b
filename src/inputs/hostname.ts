import { late } from '../late.ts'
import { Expected } from './expected.ts'

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** A full DNS name in lower case, of at least two labels, not an address (RFC 1123 §2.1). @throws Expected */
export function parseHostname(text: string): string {
  const name = text.toLowerCase()
  const labels = name.split('.')
  const isName = name.length <= 253 && labels.length >= 2 && labels.every((label) => LABEL.test(label))
  if (!isName || /^\d+$/.test(labels.at(-1) ?? '')) throw new Expected('a full host name such as rancher.example.org')
  return name
}

/** An IPv4 or IPv6 address without brackets, or a host name of one or more labels. @throws Expected */
export function parseAddress(text: string): string {
  if (late.net.isIP(text) !== 0) return text
  const name = text.toLowerCase()
  const labels = name.split('.')
  const isName = name.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^[\d.]+$/.test(name)
  if (!isName) throw new Expected('an IP address or a host name', text)
  return name
}
