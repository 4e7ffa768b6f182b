import type { Host } from '../remote/host.ts'

/** The far ends ("10.0.0.5:40312") of the connections that stand at one port of a node. */
export type Flows = Set<string>

/**
 * The established connections to a port of the node. The ingress controller may listen on the node itself
 * (a socket `ss` sees) or behind a forwarded port of its pod (which only conntrack sees): both are asked, and
 * one connection has the same far end in both.
 */
export async function readFlows(host: Host, port: 80 | 443, signal: AbortSignal): Promise<Flows> {
  const listed = await host.run(flowsCommand(port), { sudo: true, deadlineMs: 8_000, signal })
  return parseFlows(listed, port, [host.node.privateAddress, host.node.address])
}

/** conntrack of the node, else of rke's kube-proxy container, else the kernel's own list. */
export function flowsCommand(port: number): string {
  const list = `conntrack -L -p tcp --orig-port-dst ${port} --state ESTABLISHED 2>/dev/null`
  const tables = [list, `docker exec kube-proxy ${list}`, `grep ESTABLISHED /proc/net/nf_conntrack 2>/dev/null`, 'true']
  return `{ ${tables.join(' || ')}; }; ss -Htn state established '( sport = :${port} )' 2>/dev/null || true`
}

/** @param own the node's addresses: what is forwarded elsewhere (a pod asking the API at 443) does not count */
export function parseFlows(listed: string, port: number, own: string[]): Flows {
  const flows: Flows = new Set()
  for (const line of listed.split('\n')) {
    const far = line.includes('dport=') ? trackedEnd(line, port, own) : socketEnd(line, port)
    if (far !== undefined) flows.add(far)
  }
  return flows
}

/** `tcp 6 86399 ESTABLISHED src=A dst=B sport=P dport=443 src=…`: the first of each is the way in. */
function trackedEnd(line: string, port: number, own: string[]): string | undefined {
  if (!line.includes('ESTABLISHED')) return undefined
  const [, source, target, sourcePort, targetPort] = /src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/.exec(line) ?? []
  if (source === undefined || target === undefined || Number(targetPort) !== port) return undefined
  return own.includes(plain(target)) ? `${plain(source)}:${sourcePort}` : undefined
}

/** `0 0 10.0.0.11:443 10.0.0.5:40312`, addresses perhaps in brackets. */
function socketEnd(line: string, port: number): string | undefined {
  const [local, far] = line.trim().split(/\s+/).slice(-2)
  if (local === undefined || far === undefined || !local.endsWith(`:${port}`)) return undefined
  const [, address, farPort] = /^(.+):(\d+)$/.exec(far) ?? []
  return address === undefined ? undefined : `${plain(address)}:${farPort}`
}

/** An address as it is written in all sources: no brackets, no zone, IPv4 not as IPv6. */
function plain(address: string): string {
  return address
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/^::ffff:/i, '')
}
