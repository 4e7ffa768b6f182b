import type { HostSpec } from '../settings.ts'
import { Expected, parseLines } from './expected.ts'
import { parseAddress } from './hostname.ts'

const LINE = '[user@]address[:port] [name=N] [private=ADDRESS]'

/** One machine a line. Names not given are node-1, node-2 … by line. @throws Expected for the first line that is wrong */
export function parseHosts(text: string, defaultUser: string): HostSpec[] {
  const hosts = parseLines(text).map((line, index) => parseHost(line, defaultUser, `node-${index + 1}`))
  refuseTwice(hosts, 'each machine once', ({ address, port }) => `${address}:${port}`)
  refuseTwice(hosts, 'each name once', ({ name }) => name)
  refuseTwice(hosts, 'each private address once', ({ privateAddress }) => privateAddress)
  return hosts
}

/** "[user@]address[:port] [name=N] [private=ADDRESS]". @throws Expected */
export function parseHost(line: string, defaultUser: string, defaultName: string): HostSpec {
  const [target = '', ...words] = line.split(/\s+/)
  const endpoint = parseEndpoint(target, defaultUser)
  const options = new Map<string, string>()
  for (const word of words) {
    const match = /^(name|private)=(.+)$/.exec(word)
    if (match?.[1] === undefined || match[2] === undefined || options.has(match[1])) throw new Expected(LINE, word)
    options.set(match[1], match[2])
  }
  return {
    ...endpoint,
    name: parseNodeName(options.get('name') ?? defaultName),
    privateAddress: parseAddress(options.get('private') ?? endpoint.address),
  }
}

/** "[user@]address[:port]", an IPv6 address with a port in brackets. @throws Expected */
export function parseEndpoint(text: string, defaultUser: string): { user: string; address: string; port: number } {
  const match =
    /^(?:(?<user>[a-z_][a-z0-9_.-]*)@)?(?:\[(?<six>[^\]]+)\](?::(?<sixPort>\d+))?|(?<address>[^:@\s]+)(?::(?<port>\d+))?|(?<bareSix>[0-9a-f:.]+))$/i.exec(
      text,
    )
  const groups = match?.groups
  if (groups === undefined) throw new Expected('[user@]address[:port]', text)
  const port = Number(groups['sixPort'] ?? groups['port'] ?? 22)
  if (port < 1 || port > 65535) throw new Expected('a port from 1 to 65535', text)
  const address = groups['six'] ?? groups['address'] ?? groups['bareSix'] ?? ''
  return { user: groups['user'] ?? defaultUser, address: parseAddress(address), port }
}

/** The line `parseHost` takes for this value. */
export function formatHost({ user, address, port, name, privateAddress }: HostSpec): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `${user}@${host}:${port} name=${name} private=${privateAddress}`
}

/** Kubernetes names its nodes so (RFC 1123 label). */
function parseNodeName(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) throw new Expected('a node name of a-z, 0-9 and "-"', text)
  return text
}

function refuseTwice(hosts: HostSpec[], what: string, key: (host: HostSpec) => string): void {
  const keys = hosts.map(key)
  const twice = keys.find((one, index) => keys.indexOf(one) !== index)
  if (twice !== undefined) throw new Expected(what, `${twice} twice`)
}
