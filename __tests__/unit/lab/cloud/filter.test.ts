import { expect, test } from '@jest/globals'
import { renderFilter, renderTranslation } from '../../../../lab/cloud/filter.ts'
import { interfacesOf } from '../../../../lab/cloud/interfaces.ts'
import type { LabGroup } from '../../../../lab/cloud/moto.ts'
import { balancer, instance, world } from './world.ts'

const rule = (given: Partial<LabGroup['rules'][number]>) => ({
  protocol: 'tcp',
  from: 80,
  to: 80,
  cidr: null,
  group: null,
  ...given,
})

const GROUPS: LabGroup[] = [
  {
    id: 'sg-1',
    name: 'nodes',
    rules: [
      rule({ group: 'sg-lb' }),
      rule({ from: 2379, to: 2380, group: 'sg-1' }),
      rule({ protocol: 'udp', from: 8472, to: 8472, group: 'sg-1' }),
      rule({ from: 22, to: 22, cidr: '198.51.100.7/32' }),
    ],
  },
  { id: 'sg-lb', name: 'balancer', rules: [rule({ from: 443, to: 443, cidr: '0.0.0.0/0' })] },
  { id: 'sg-other', name: 'default', rules: [rule({ protocol: '-1', cidr: '0.0.0.0/0' })] },
]

const interfaces = interfacesOf(
  world({ instances: [instance('i-1', { publicAddress: '54.0.0.1' })], balancers: [balancer()] }),
  new Map([['arn:lb', 0]]),
)

test('groups as a packet filter: default drop, own addresses only, answers pass, each interface by its groups', () => {
  expect(renderFilter(interfaces, GROUPS, 'gateway')).toMatchInlineSnapshot(`
"table ip rancher_ha_cloud
delete table ip rancher_ha_cloud
table ip rancher_ha_cloud {
  set own {
    type ifname . ipv4_addr
    elements = { "m-f105b11df43d" . 172.31.0.4, "b-8032c7e19074" . 172.31.14.10, "b-8032c7e19074" . 172.31.30.10, "runner" . 172.31.15.250 }
  }
  set of_sg_lb {
    type ipv4_addr
    elements = { 172.31.14.10, 172.31.30.10 }
  }
  set of_sg_1 {
    type ipv4_addr
    elements = { 172.31.0.4 }
  }
  chain to_sg_1 {
    ip saddr @of_sg_lb tcp dport 80 accept
    ip saddr @of_sg_1 tcp dport 2379-2380 accept
    ip saddr @of_sg_1 udp dport 8472 accept
    ip saddr 198.51.100.7/32 tcp dport 22 accept
  }
  chain to_sg_lb {
    tcp dport 443 accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname != "gateway" iifname . ip saddr != @own drop
    ct state established,related accept
    oifname "gateway" accept
    oifname "m-f105b11df43d" jump to_sg_1
    oifname "b-8032c7e19074" jump to_sg_lb
  }
}
"
`)
})

test('a group nobody is in admits nobody, and is not in the filter', () => {
  const filter = renderFilter(interfaces, GROUPS, 'gateway')
  expect(filter).not.toContain('sg_other')
  const [alone] = interfacesOf(world({ instances: [instance('i-1')] }), new Map())
  const empty = renderFilter(alone === undefined ? [] : [alone], GROUPS, 'gateway')
  expect(empty).toMatch(/set of_sg_lb \{\n {4}type ipv4_addr\n {2}\}/)
})

test('a public address stands for a private one in both directions', () => {
  expect(renderTranslation(interfaces)).toContain('elements = { 54.0.0.1 : 172.31.0.4, 198.51.100.9 : 172.31.15.250 }')
  expect(renderTranslation(interfaces)).toContain('elements = { 172.31.0.4 : 54.0.0.1, 172.31.15.250 : 198.51.100.9 }')
})
