import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { choose, families, pool } from '../../e2e/pool/pool.ts'

const seed = fc.string()
const count = fc.integer({ min: 0, max: pool.length })

test('equal seeds choose equal cases, each once, as many as asked', () => {
  fc.assert(
    fc.property(seed, count, (seed, count) => {
      const chosen = choose(families, { seed, count, only: undefined })
      expect(choose(families, { seed, count, only: undefined })).toEqual(chosen)
      expect(new Set(chosen).size).toBe(count)
    }),
    { numRuns: 20 },
  )
})

test('a sample as large as there are kinds has one of each', () => {
  const chosen = choose(families, { seed: 'x', count: families.length, only: undefined })
  expect(families.map((kind) => kind.filter((each) => chosen.includes(each)).length)).toEqual(families.map(() => 1))
})

test('other seeds choose other cases', () => {
  const samples = ['1', '2', '3'].map((seed) =>
    choose(families, { seed, count: 3, only: undefined }).map((each) => each.name),
  )
  expect(new Set(samples.map(String)).size).toBe(3)
})

test('a part of a sentence chooses the cases that hold it', () => {
  const chosen = choose(families, { seed: '1', count: 1, only: 'act' })
  expect(chosen.map((each) => each.name)).toContain(
    'a workflow with uses: ./ and a later step that uses rancher-url, run by act',
  )
})

test('every case has a sentence of its own', () => {
  expect(new Set(pool.map((each) => each.name)).size).toBe(pool.length)
})
