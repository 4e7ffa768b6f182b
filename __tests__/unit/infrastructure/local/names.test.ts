import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { findOurs, isOurs, labelsOf, namesOf } from '../../../../src/infrastructure/local/names.ts'

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
