import { expect, test } from '@jest/globals'
import { parseMemory, renderMemory } from '../../../../src/infrastructure/local/memory.ts'
import { tries } from '../../remedies/tries.ts'

test('what is remembered is what was told', () => {
  const memory = { clusterUid: 'c0ffee', hostname: 'rancher.example.test' }
  expect(parseMemory(renderMemory(memory))).toEqual(memory)
})

test('nothing told is nothing remembered, but what cannot be read is no forgetting', () => {
  expect(parseMemory(undefined)).toEqual({ clusterUid: undefined, hostname: undefined })
  for (const text of ['{"clusterUid"', '"text"', '{"clusterUid":7}']) {
    expect(() => parseMemory(text)).toThrow(expect.objectContaining({ kind: 'preflight' }))
  }
})

tries('preflight', [
  [
    'Look at memory.json on the load balancer machine; remove it only when there is no cluster to lose.',
    () => parseMemory('{"clusterUid"'),
    () => parseMemory('{"clusterUid":"c0ffee"}'),
    () => parseMemory(undefined),
  ],
])
