import { expect, test } from '@jest/globals'
import { quorum, toleratedLosses } from '../../src/quorum.ts'

test.each([
  [1, 1, 0],
  [2, 2, 0],
  [3, 2, 1],
  [4, 3, 1],
  [5, 3, 2],
  [6, 4, 2],
  [7, 4, 3],
])('of %d members %d must agree, and %d may be lost', (members, agreeing, losses) => {
  expect(quorum(members)).toBe(agreeing)
  expect(toleratedLosses(members, members)).toBe(losses)
})

test('what is lost already counts', () => {
  expect(toleratedLosses(3, 2)).toBe(0)
  expect(toleratedLosses(3, 1)).toBe(-1)
  expect(toleratedLosses(5, 4)).toBe(1)
})
