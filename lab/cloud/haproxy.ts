import type { Interface } from './interfaces.ts'
import type { LabBalancer, LabInstance } from './moto.ts'

type Zoned = Pick<LabInstance, 'id' | 'privateAddress' | 'zone'>

/**
 * A network load balancer as HAProxy: TCP, one connection to any target that is well, idle ones ended after 350 s, looked
 * at as its target groups say. With cross-zone balancing off, each of its addresses forwards to its own zone's targets.
 *
 * @param zones zone of each of the interface's addresses
 * @param socket where its state is asked
 * @see AWS, "Network Load Balancers": connection idle timeout; "Target groups": deregistration delay
 */
export function renderBalancer(
  balancer: LabBalancer,
  { addresses }: Pick<Interface, 'addresses'>,
  { zones, instances, socket }: { zones: string[]; instances: Zoned[]; socket: string },
): string {
  const delays = balancer.listeners.flatMap(({ group }) => (group === null ? [] : [group.deregistration]))
  return [
    'global',
    '  maxconn 2000',
    `  hard-stop-after ${Math.max(1, ...delays)}s`,
    `  stats socket ${socket} mode 600 level operator`,
    'defaults',
    '  mode tcp',
    '  balance random',
    '  option redispatch',
    '  retries 2',
    '  timeout connect 5s',
    '  timeout client 350s',
    '  timeout server 350s',
    ...balancer.listeners.flatMap((listener) => {
      const places = balancer.crossZone ? [addresses] : addresses.map((one) => [one])
      return places.flatMap((own, at) => {
        const zone = balancer.crossZone ? undefined : zones[at]
        return renderListener(listener, own, zone, instances)
      })
    }),
    '',
  ].join('\n')
}

/** A listener whose target group is empty still accepts, and ends what it accepted. */
function renderListener(
  { port, group }: LabBalancer['listeners'][number],
  addresses: Interface['addresses'],
  zone: string | undefined,
  instances: Zoned[],
): string[] {
  const lines = [
    `listen ${port}${zone === undefined ? '' : `-${zone}`}`,
    ...addresses.map(({ address }) => `  bind ${address}:${port}`),
  ]
  if (group === null) return lines
  const { check } = group
  const servers = group.targets.flatMap((target) => {
    const instance = instances.find(({ id }) => id === target.id)
    if (instance?.privateAddress == null || (zone !== undefined && instance.zone !== zone)) return []
    const looked = check.port === 'traffic-port' ? target.port : check.port
    const times = `inter ${check.interval}s rise ${check.rise} fall ${check.fall}`
    return [`  server ${target.id} ${instance.privateAddress}:${target.port} check port ${looked} ${times}`]
  })
  return [...lines, `  timeout check ${check.timeout}s`, ...servers]
}

export type Health = 'initial' | 'healthy' | 'unhealthy'

/**
 * How each target of each port is, from HAProxy's answer to `show stat`: by port and id ("443 i-0abc").
 * Until its first look has ended a target is in its initial state.
 *
 * @see HAProxy Management Guide 9.1, "CSV format"
 */
export function parseHealth(csv: string): Map<string, Health> {
  const [head = '', ...rows] = csv.split('\n').filter((line) => line.trim() !== '')
  const columns = head.replace(/^# /, '').split(',')
  const cell = (row: string[], column: string) => row[columns.indexOf(column)] ?? ''
  const servers = rows.map((line) => line.split(',')).filter((row) => cell(row, 'type') === '2')
  return new Map(
    servers.map((row) => {
      const [port] = cell(row, 'pxname').split('-')
      return [`${port} ${cell(row, 'svname')}`, healthOf(cell(row, 'status'), cell(row, 'check_status'))]
    }),
  )
}

function healthOf(status: string, check: string): Health {
  if (check === '' || check.includes('INI')) return 'initial'
  return status.startsWith('UP') ? 'healthy' : 'unhealthy'
}
