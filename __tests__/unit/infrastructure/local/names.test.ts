import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  findOurs,
  isOurs,
  labelsOf,
  namesOf,
  nodeNames,
  nodeNumber,
  stackHash,
} from '../../../../src/infrastructure/local/names.ts'

const stack = { name: 'rancher', owner: '42', ownerName: 'acme/cattle' }
const stackName = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/)
const machine = fc.oneof(
  fc.constant('lb'),
  fc.integer({ min: 1, max: 99 }).map((number) => `node-${number}`),
)

test('a machine is found again in the names of its container and its volume, and in no other stack', () => {
  fc.assert(
    fc.property(stackName, fc.string(), machine, stackName, (name, owner, given, other) => {
      const names = namesOf({ name, owner })
      expect(names.machine(names.container(given))).toBe(given)
      expect(names.machine(names.volume(given))).toBe(given)
      if (other !== name) expect(names.machine(namesOf({ name: other, owner }).container(given))).toBeUndefined()
    }),
  )
})

test.each(['', '-node-0', '-node-01', '-node-1x', '-lb-2', '-node-1-var-2', '-net'])('no machine: %j', (rest) => {
  const names = namesOf(stack)
  expect(names.machine(`${names.prefix}${rest}`)).toBeUndefined()
})

test('equal stack names of two owners differ in every resource', () => {
  expect(namesOf(stack).prefix).not.toBe(namesOf({ ...stack, owner: '43' }).prefix)
})

test('labels say whose it is, which run made it, since when and until when', () => {
  const labels = labelsOf(stack, { id: '7', attempt: 2 }, new Date(0), new Date(60_000).toISOString())
  expect(labels).toEqual({
    'rancher-ha/stack': 'rancher',
    'rancher-ha/owner': '42',
    'rancher-ha/owner-name': 'acme/cattle',
    'rancher-ha/run': '7/2',
    'rancher-ha/created': '1970-01-01T00:00:00.000Z',
    'rancher-ha/expires': '1970-01-01T00:01:00.000Z',
  })
  expect(Object.keys(labelsOf(stack, { id: '7', attempt: 2 }, new Date(0), undefined))).not.toContain(
    'rancher-ha/expires',
  )
})

test('ours is what has our stack and our owner', () => {
  const labels = labelsOf(stack, { id: '7', attempt: 2 }, new Date(0), undefined)
  expect(isOurs(labels, stack)).toBe(true)
  expect(isOurs(labels, { ...stack, owner: '43' })).toBe(false)
  expect(isOurs(labels, { ...stack, name: 'other' })).toBe(false)
  expect(isOurs({}, stack)).toBe(false)
  expect(findOurs([{ name: 'a', labels: {} }], 'a', stack)).toBeUndefined()
})

test('everything of a stack is called by its prefix', () => {
  const names = namesOf(stack)
  expect(names.prefix).toBe(`rancher-ha-rancher-${stackHash(stack).toString('hex').slice(0, 8)}`)
  expect(names.network).toBe(`${names.prefix}-net`)
  expect(names.container('node-1')).toBe(`${names.prefix}-node-1`)
  expect(names.volume('node-1')).toBe(`${names.prefix}-node-1-var`)
  expect(names.machine(names.container('node-12'))).toBe('node-12')
  expect(names.machine(`x${names.container('node-1')}`)).toBeUndefined()
  expect(names.machine(`${names.prefix}-xnode-1`)).toBeUndefined()
  expect(names.machine(`${names.prefix}_node-1`)).toBeUndefined()
})

test('the hash is of owner and name, each by itself', () => {
  const of = (owner: string, name: string) => stackHash({ owner, name }).toString('hex')
  expect(of('4', '2x')).not.toBe(of('42', 'x'))
  expect(of('42', 'x')).toBe(of('42', 'x'))
  expect(of('a', 'b')).not.toBe(of('b', 'a'))
  expect(stackHash(stack)).toHaveLength(32)
})

test('our resource is found by its name', () => {
  const labels = labelsOf(stack, { id: '7', attempt: 2 }, new Date(0), undefined)
  const all = [
    { name: 'b', labels },
    { name: 'a', labels: {} },
    { name: 'a', labels },
  ]
  expect(findOurs(all, 'a', stack)).toBe(all[2])
  expect(findOurs(all, 'c', stack)).toBeUndefined()
})

test('nodes are numbered from one', () => {
  expect(nodeNames(3)).toEqual(['node-1', 'node-2', 'node-3'])
  expect(nodeNames(12).map(nodeNumber)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
})
