/** HAProxy's own state is read here, from inside its machine only. */
export const STATE_PORT = 9901

/** What is forwarded, byte by byte. */
const PORTS = [80, 443]

/** Where all listeners look for life. @see Rancher, "Setting up Amazon ELB Network Load Balancer": TCP, port override 80 */
const HEALTH_PORT = 80

/**
 * The balancer as Rancher documents it for a layer 4 one: TCP 80 and 443 go to every node, and both are judged by a
 * TCP connection to port 80. Checks are more frequent than a cloud's (every 2 s), so that a lost node is noticed in 4 s;
 * an idle connection lives 350 s as on an AWS network load balancer; connections to a lost node are ended.
 *
 * @param targets node names and addresses, in any order: equal sets give equal text
 */
export function renderHaproxy(targets: { name: string; address: string }[]): string {
  const sorted = [...targets].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  return [
    'global',
    '  maxconn 4000',
    `  stats socket ipv4@127.0.0.1:${STATE_PORT} level operator`,
    'defaults',
    '  mode tcp',
    '  balance leastconn',
    '  option redispatch',
    '  retries 3',
    '  timeout connect 2s',
    '  timeout check 2s',
    '  timeout client 350s',
    '  timeout server 350s',
    '  default-server inter 2s fall 2 rise 2 on-marked-down shutdown-sessions',
    ...PORTS.flatMap((port) => [
      `listen tcp-${port}`,
      `  bind :${port}`,
      ...sorted.map(({ name, address }) => `  server ${name} ${address}:${port} check port ${HEALTH_PORT}`),
    ]),
    '',
  ].join('\n')
}

/** Addresses a rendered configuration forwards to, sorted. */
export function targetsIn(config: string): string[] {
  return [...new Set([...config.matchAll(/^ {2}server \S+ ([\d.]+):/gm)].map(([, address = '']) => address))].sort()
}

/**
 * Addresses, sorted, that the running process forwards both ports to, from its answer to `show servers state`.
 *
 * @see HAProxy Management Guide 9.3, "show servers state": columns are named in the line that starts with "#"
 */
export function parseTargets(state: string): string[] {
  const rows = state.split('\n').filter((line) => line.trim() !== '')
  const columns =
    rows
      .find((line) => line.startsWith('# '))
      ?.slice(2)
      .split(' ') ?? []
  const servers = rows.filter((line) => /^\d+ /.test(line)).map((line) => line.split(' '))
  const cell = (row: string[], column: string) => row[columns.indexOf(column)] ?? ''
  const of = (port: number) =>
    servers.filter((row) => cell(row, 'be_name') === `tcp-${port}`).map((row) => cell(row, 'srv_addr'))
  const [first = [], ...others] = PORTS.map(of)
  return [...new Set(first)].filter((address) => others.every((list) => list.includes(address))).sort()
}
