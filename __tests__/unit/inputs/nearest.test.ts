import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { distance, nearest } from '../../../src/inputs/nearest.ts'

test('the first of the nearest is meant, and nothing when all are too far', () => {
  expect(nearest('cat', ['car', 'bat'])).toBe('car')
  expect(nearest('name', ['nam', 'name'])).toBe('name')
  expect(nearest('ab', ['cdef'])).toBeUndefined()
  expect(nearest('ab', [])).toBeUndefined()
})

test('two letters may be wrong, in a long name a quarter of them', () => {
  expect(nearest('abcd', ['abxy'])).toBe('abxy')
  expect(nearest('abcd', ['axyz'])).toBeUndefined()
  expect(nearest('abcdefghijkl', ['abcdefghixyz'])).toBe('abcdefghixyz')
  expect(nearest('abcdefghijkl', ['abcdefghwxyz'])).toBeUndefined()
})

test('a distance is nothing for the same, the same both ways, and at most the longer length', () => {
  const word = fc.string({ maxLength: 12 })
  fc.assert(
    fc.property(word, word, (one, other) => {
      expect(distance(one, other)).toBe(distance(other, one))
      expect(distance(one, other) === 0).toBe(one === other)
      expect(distance(one, other)).toBeLessThanOrEqual(Math.max([...one].length, [...other].length))
    }),
  )
})
