import { describe, expect, test } from '@jest/globals'
import { named, resolveAsked, spreadOf } from '../../../src/versions/resolve.ts'

const RKE = ['v1.32.6-rancher1-1', 'v1.31.10-rancher1-1', 'v1.30.14-rancher1-1']

describe('what is asked, made exact', () => {
  const cases: [string, string | undefined, string | undefined, string[], string | undefined][] = [
    ['not given: the running one', undefined, '2.10.1', ['2.10.3'], '2.10.1'],
    ['the last patch of the running minor', 'latest-patch', '2.10.1', ['2.10.2', '2.10.10', '2.11.3'], '2.10.10'],
    ['a pre-release is no patch', 'latest-patch', '2.10.1', ['2.10.3', '2.10.4-rc1'], '2.10.3'],
    ['nothing newer: the running one', 'latest-patch', '2.10.7', ['2.10.3'], '2.10.7'],
    ['exact, as the distribution names it', 'v1.31.10', 'v1.30.14-rancher1-1', RKE, 'v1.31.10-rancher1-1'],
    ['exact, in its full name', 'v1.31.10-rancher1-1', 'v1.30.14-rancher1-1', RKE, 'v1.31.10-rancher1-1'],
    ['with and without a leading v', 'v1.18.2', 'v1.16.1', ['1.18.2'], '1.18.2'],
    [
      'the running one comes before another build of it',
      'v1.31.10',
      'v1.31.10-rancher1-1',
      ['v1.31.10-rancher1-2'],
      'v1.31.10-rancher1-1',
    ],
    ['what nobody offers stays as it was said', '2.11.9', '2.11.3', ['2.11.3'], '2.11.9'],
    ['a patch of nothing that runs', 'latest-patch', undefined, ['2.11.3'], undefined],
    ['exact, and nothing runs', 'v1.31.10', undefined, RKE, 'v1.31.10-rancher1-1'],
    ['what runs is the last patch, spelled otherwise', 'latest-patch', 'v2.11.3', ['2.11.3'], 'v2.11.3'],
    ['rke2 builds', 'v1.33.4', 'v1.32.8+rke2r1', ['v1.33.4+rke2r1'], 'v1.33.4+rke2r1'],
  ]
  test.each(cases)('%s', (_, asked, running, offered, expected) => {
    expect(resolveAsked(asked, running, offered)).toBe(expected)
  })
})

test('a version is called as it is known, or as it was told', () => {
  expect(named('v1.31.10', RKE)).toBe('v1.31.10-rancher1-1')
  expect(named('v1.31.9', RKE)).toBe('v1.31.9')
  expect(named('1.31.10-rancher1-1', RKE)).toBe('v1.31.10-rancher1-1')
  expect(named('v1.31.10', [...RKE, '1.31.10'])).toBe('1.31.10')
})

describe('what really runs', () => {
  const kept = 'v1.32.6-rancher1-1'
  test('all the same', () => {
    expect(spreadOf(['v1.32.6', 'v1.32.6'], kept, [])).toEqual({ oldest: kept, newest: kept })
  })
  test('one node is further than the others', () => {
    expect(spreadOf(['v1.31.10', 'v1.32.6', 'v1.31.10'], 'v1.31.10-rancher1-1', RKE)).toEqual({
      oldest: 'v1.31.10-rancher1-1',
      newest: kept,
    })
  })
  test('what was written ahead, and no node is there yet', () => {
    expect(spreadOf(['v1.31.10'], kept, RKE)).toEqual({ oldest: 'v1.31.10-rancher1-1', newest: kept })
  })
  test('nothing is written down: what is told', () => {
    expect(spreadOf(['v1.32.6', 'v1.31.10'], undefined, RKE)).toEqual({ oldest: 'v1.31.10-rancher1-1', newest: kept })
  })
  test('nobody says anything: what is written down', () => {
    expect(spreadOf([], kept, RKE)).toEqual({ oldest: kept, newest: kept })
    expect(spreadOf([], undefined, RKE)).toEqual({ oldest: undefined, newest: undefined })
  })
})
