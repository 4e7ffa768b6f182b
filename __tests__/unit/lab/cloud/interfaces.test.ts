import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addressIn, interfacesOf, placeBalancers, prefixOf } from '../../../../lab/cloud/interfaces.ts'
import { balancer, instance, world } from './world.ts'

test('what is on the network: instances that live, balancers in each of their subnets, the runner', () => {
  const interfaces = interfacesOf(
    world({
      instances: [
        instance('i-1', { publicAddress: '54.0.0.1' }),
        instance('i-2', { state: 'stopped' }),
        instance('i-3', { state: 'terminated' }),
      ],
      balancers: [balancer()],
    }),
    new Map([['arn:lb', 2]]),
  )
  expect(interfaces.map(({ owner, addresses }) => [owner, addresses.map((one) => [one.address, one.public])])).toEqual([
    ['i-1', [['172.31.0.4', '54.0.0.1']]],
    [
      'arn:lb',
      [
        ['172.31.14.12', undefined],
        ['172.31.30.12', undefined],
      ],
    ],
    ['runner', [['172.31.15.250', '198.51.100.9']]],
  ])
})

test('a balancer that faces the internet has a public address in each subnet', () => {
  const [one] = interfacesOf(world({ balancers: [balancer({ scheme: 'internet-facing' })] }), new Map([['arn:lb', 1]]))
  expect(one?.addresses.map((address) => address.public)).toEqual(['203.0.113.9', '203.0.113.10'])
})

test('no two things of an account share an address or a device', () => {
  const numbers = fc.uniqueArray(fc.nat({ max: 200 }), { maxLength: 20 })
  fc.assert(
    fc.property(numbers, fc.nat({ max: 31 }), (instances, balancers) => {
      const arns = Array.from({ length: balancers }, (_, at) =>
        balancer({ arn: `arn:${at}`, scheme: 'internet-facing' }),
      )
      const all = interfacesOf(
        world({
          instances: instances.map((at) => instance(`i-${at}`, { privateAddress: addressIn('172.31.0.0/20', 4 + at) })),
          balancers: arns,
        }),
        placeBalancers(arns, new Map()),
      )
      const addresses = all.flatMap((one) => one.addresses.flatMap((address) => [address.address, address.public]))
      const given = addresses.filter((address) => address !== undefined)
      expect(new Set(given).size).toBe(given.length)
      expect(new Set(all.map(({ device }) => device)).size).toBe(all.length)
      for (const { device } of all) expect(device.length).toBeLessThanOrEqual(15)
    }),
  )
})

test('a balancer keeps its place as long as it lives, and leaves it to another', () => {
  const [one, two, three] = ['arn:1', 'arn:2', 'arn:3'].map((arn) => balancer({ arn })) as [
    ReturnType<typeof balancer>,
    ReturnType<typeof balancer>,
    ReturnType<typeof balancer>,
  ]
  const first = placeBalancers([one, two], new Map())
  expect([...first]).toEqual([
    ['arn:1', 0],
    ['arn:2', 1],
  ])
  expect([...placeBalancers([two, three], first)]).toEqual([
    ['arn:2', 1],
    ['arn:3', 0],
  ])
})

test('addresses are counted over the ends of bytes', () => {
  expect(addressIn('172.31.16.0/20', 14 * 256 + 10)).toBe('172.31.30.10')
  expect(prefixOf('172.31.16.0/20')).toBe('20')
})
