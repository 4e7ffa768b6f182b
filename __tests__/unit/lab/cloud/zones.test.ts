import { expect, test } from '@jest/globals'
import { interfacesOf } from '../../../../lab/cloud/interfaces.ts'
import { renderZones } from '../../../../lab/cloud/zones.ts'
import { balancer, world } from './world.ts'

const record = (name: string, type: string, given: object) => ({ name, type, values: [], alias: null, ...given })

function zones(scheme: string) {
  const balancers = [balancer({ scheme })]
  const interfaces = interfacesOf(world({ balancers }), new Map([['arn:lb', 0]]))
  const hosted = {
    id: 'Z1',
    name: 'rancher.test.',
    records: [
      record('ha.rancher.test.', 'A', { alias: 'LB-1.elb.eu-central-1.amazonaws.com.' }),
      record('old.rancher.test.', 'A', { alias: 'gone-2.elb.eu-central-1.amazonaws.com' }),
      record('other.rancher.test.', 'CNAME', { values: ['ha.rancher.test.'] }),
    ],
  }
  return new Map(renderZones([hosted], balancers, interfaces, 7).map(({ name, text }) => [name, text]))
}

test('an alias is answered with the addresses its balancer has; of one that is gone there are none', () => {
  expect(
    zones('internal').get('rancher.test'),
  ).toBe(`rancher.test. 60 SOA ns.rancher.test. hostmaster.rancher.test. 7 60 60 3600 1
rancher.test. 60 NS ns.rancher.test.
ns.rancher.test. 60 A 198.51.100.53
ha.rancher.test. 60 A 172.31.14.10
ha.rancher.test. 60 A 172.31.30.10
other.rancher.test. 60 CNAME ha.rancher.test.
`)
})

test('a balancer that faces the internet has public addresses for everybody', () => {
  const all = zones('internet-facing')
  expect(all.get('rancher.test')).toContain('ha.rancher.test. 60 A 203.0.113.1\n')
  expect(all.get('amazonaws.com')).toContain('lb-1.elb.eu-central-1.amazonaws.com. 60 A 203.0.113.2\n')
  expect(all.get('amazonaws.com')).toContain('checkip.amazonaws.com. 60 A 198.51.100.80\n')
})
