import { expect, test } from '@jest/globals'
import { parseHealth, renderBalancer } from '../../../../lab/cloud/haproxy.ts'
import { interfacesOf } from '../../../../lab/cloud/interfaces.ts'
import { balancer, CHECK, instance, world } from './world.ts'

const instances = [
  instance('i-1'),
  instance('i-2', { privateAddress: '172.31.16.4', subnet: 'subnet-b', zone: 'eu-central-1b' }),
]
const group = (given: object = {}) => ({
  arn: 'arn:tg',
  targets: [
    { id: 'i-1', port: 443 },
    { id: 'i-2', port: 443 },
    { id: 'i-gone', port: 443 },
  ],
  check: CHECK,
  deregistration: 30,
  ...given,
})

function render(given: Parameters<typeof balancer>[0]): string {
  const one = balancer(given)
  const [own] = interfacesOf(world({ balancers: [one] }), new Map([['arn:lb', 0]]))
  if (own === undefined) throw new Error('a balancer is on the network')
  const zones = ['eu-central-1a', 'eu-central-1b']
  return renderBalancer(one, own, { zones, instances, socket: '/run/lb.sock' })
}

test('each listener forwards to all registered machines that are there, looked at as the target group says', () => {
  const config = render({ listeners: [{ port: 443, group: group() }] })
  expect(config.slice(config.indexOf('listen'))).toBe(`listen 443
  bind 172.31.14.10:443
  bind 172.31.30.10:443
  timeout check 6s
  server i-1 172.31.0.4:443 check port 80 inter 10s rise 3 fall 3
  server i-2 172.31.16.4:443 check port 80 inter 10s rise 3 fall 3
`)
  expect(config).toContain('hard-stop-after 30s')
})

test('the port of a look may be that of the traffic', () => {
  const listeners = [{ port: 80, group: group({ check: { ...CHECK, port: 'traffic-port' } }) }]
  expect(render({ listeners })).toContain('server i-1 172.31.0.4:443 check port 443')
})

test('without cross-zone balancing each address forwards to its own zone only', () => {
  const config = render({ crossZone: false, listeners: [{ port: 80, group: group() }] })
  const [, first = '', second = ''] = config.split('listen ')
  expect(first).toMatch(/bind 172\.31\.14\.10:80\n[\s\S]*server i-1 /)
  expect(first).not.toContain('i-2')
  expect(second).toMatch(/bind 172\.31\.30\.10:80\n[\s\S]*server i-2 /)
})

test('a target is in its initial state until a look has ended; then what HAProxy says counts', () => {
  const csv = `# pxname,svname,status,check_status,type,
443,FRONTEND,OPEN,,0,
443,i-1,UP,L4OK,2,
443,i-2,DOWN,L4CON,2,
443,BACKEND,UP,,1,
80-eu-central-1a,i-1,UP 1/3,L4TOUT,2,
80-eu-central-1b,i-2,UP,INI,2,
80-eu-central-1b,i-3,UP,* INI,2,
`
  expect([...parseHealth(csv)]).toEqual([
    ['443 i-1', 'healthy'],
    ['443 i-2', 'unhealthy'],
    ['80 i-1', 'healthy'],
    ['80 i-2', 'initial'],
    ['80 i-3', 'initial'],
  ])
})
