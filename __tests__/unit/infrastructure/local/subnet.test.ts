import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addressOf, chooseSubnet, gatewayOf } from '../../../../src/infrastructure/local/subnet.ts'
import { tries } from '../../remedies/tries.ts'

const hash = fc.integer({ min: 0, max: 255 }).map((first) => Buffer.from([first]))

test('a stack has the same network each time, when it is free', () => {
  fc.assert(fc.property(hash, (given) => chooseSubnet(given, []) === `10.77.${given[0]}.0/24`))
})

test.each([
  ['the same network', '10.77.7.0/24'],
  ['a network around it', '10.77.6.0/23'],
  ['a network within it', '10.77.7.128/25'],
  ['a route to one address of it', '10.77.7.9'],
])('goes on to the next one before %s', (_, used) => {
  expect(chooseSubnet(Buffer.from([7]), [used])).toBe('10.77.8.0/24')
})

test('is not turned away by wide routes, other ranges and IPv6', () => {
  expect(chooseSubnet(Buffer.from([7]), ['10.0.0.0/8', '172.17.0.0/16', 'fd00::/64'])).toBe('10.77.7.0/24')
  expect(chooseSubnet(Buffer.from([7]), ['10.76.0.0/15', '10.77.8.0/24', '10.78.7.0/24'])).toBe('10.77.7.0/24')
  expect(chooseSubnet(Buffer.from([7]), ['default', '', '10.77.7.0/0'])).toBe('10.77.7.0/24')
})

test('comes round to the start of the range', () => {
  expect(chooseSubnet(Buffer.from([255]), ['10.77.255.0/24'])).toBe('10.77.0.0/24')
})

test('never chooses what is taken, and refuses only when all is', () => {
  fc.assert(
    fc.property(hash, fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 255 }), (given, taken) => {
      const used = taken.map((third) => `10.77.${third}.0/24`)
      expect(used).not.toContain(chooseSubnet(given, used))
    }),
    { numRuns: 30 },
  )
  const refusal = expect.objectContaining({
    kind: 'preflight',
    stands: 'Nothing was changed.',
    next: expect.stringContaining('docker network prune'),
  })
  expect(() => chooseSubnet(randomBytes(1), ['10.77.0.0/16'])).toThrow(refusal)
  const all = Array.from({ length: 256 }, (_, third) => `10.77.${third}.0/24`)
  expect(() => chooseSubnet(Buffer.from([9]), all)).toThrow(/^Every \/24 network of 10\.77\.0\.0\/16/)
  expect(chooseSubnet(Buffer.from([9]), all.toSpliced(8, 1))).toBe('10.77.8.0/24')
})

test('machines have fixed places in the network', () => {
  const places = ['lb', 'node-1', 'node-2', 'node-7'].map((machine) => addressOf('10.77.41.0/24', machine))
  expect(places).toEqual(['10.77.41.10', '10.77.41.11', '10.77.41.12', '10.77.41.17'])
  expect(gatewayOf('10.77.41.0/24')).toBe('10.77.41.1')
})

tries('preflight', [
  [
    'Remove Docker networks or routes in that range that nobody needs (docker network prune, ip route).',
    () => chooseSubnet(Buffer.from([7]), ['10.77.0.0/17', '10.77.128.0/17']),
    () => chooseSubnet(Buffer.from([7]), ['10.77.0.0/17']),
  ],
])
