import { expect, test } from '@jest/globals'
import { median, spread } from '../../../bench/median.ts'
import { TITLES, withSection } from '../../../bench/results.ts'

test('a section takes the place of its former one, in the order of figures, and leaves the others', () => {
  const one = withSection('', 'first', 'first, old')
  const two = withSection(one, 'startup', 'start')
  const three = withSection(two, 'first', 'first, new')
  expect(three.split(/^## /m).slice(1)).toEqual([`${TITLES.startup}\n\nstart\n\n`, `${TITLES.first}\n\nfirst, new\n`])
  expect(withSection(three, 'startup', 'start')).toBe(three)
})

test('the median lies in the middle, whatever the order', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([10, 1, 2, 4])).toBe(3)
  expect(spread([3, 1, 2])).toBe('2 (1–3, 3 runs)')
  expect(spread([3.14], 1)).toBe('3.1 (1 run)')
})
