import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../../src/errors.ts'
import {
  formatDuration,
  formatEnd,
  formatFailure,
  formatHeartbeat,
  formatPlan,
  formatRow,
  formatTitle,
  formatVerdict,
  planOutput,
  signOf,
} from '../../../src/report/format.ts'
import type { Step } from '../../../src/steps.ts'

const step = (title: string, secret = ''): Step => ({
  id: title.toLowerCase().replaceAll(' ', '-'),
  title,
  deadlineMs: 1000,
  needs: [],
  change: { room: 'rancher', kind: 'install', secret },
})

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [850, '850 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [14_400, '14 s'],
  [59_400, '59 s'],
  [59_700, '1 min'],
  [120_000, '2 min'],
  [3_599_000, '59 min 59 s'],
  [185_000, '3 min 5 s'],
  [3_600_000, '1 h'],
  [4_800_000, '1 h 20 min'],
  [7_200_000, '2 h'],
])('%d ms is told as "%s"', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('a duration never tells 60 of a unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * 3_600_000 }), (ms) => !/\b60 (s|min)\b/.test(formatDuration(ms))),
  )
})

test.each([
  ['Create node-2', '+'],
  ['Join node-3 to etcd', '+'],
  ['Remove node-1', '-'],
  ['Converge the cluster', '~'],
  ...['Add', 'Claim', 'Install', 'Load', 'Make', 'Pull', 'Start', 'Write'].map((verb) => [`${verb} x`, '+']),
  ...['Clear', 'Delete', 'Destroy', 'Forget', 'Stop', 'Uninstall'].map((verb) => [`${verb} x`, '-']),
  ['Then create x', '~'],
  ['Then remove x', '~'],
  ['Removed x', '~'],
  ['Additional words', '~'],
])('%s is marked %s', (title, sign) => {
  expect(signOf({ title })).toBe(sign)
})

describe('lines', () => {
  test('of a step', () => {
    expect(formatTitle('Join node-3', { at: 3, of: 9 })).toBe('[3/9] Join node-3')
    expect(formatTitle('Inspect', undefined)).toBe('Inspect')
    expect(formatEnd('[3/9] Join node-3', 14_000, undefined)).toBe('✓ [3/9] Join node-3 (14 s)')
    const error = new StackError('ssh', 'node-3 does not answer\nmore')
    expect(formatEnd('[3/9] Join node-3', 900, error)).toBe('✗ [3/9] Join node-3 (900 ms): node-3 does not answer')
  })

  test('of a heartbeat name what is awaited and what runs beside', () => {
    const going = { awaited: undefined, last: undefined }
    expect(formatHeartbeat(40_000, { ...going, awaited: 'node-2 to answer', last: 'x' }, [])).toBe(
      '… 40 s: waiting for node-2 to answer',
    )
    expect(formatHeartbeat(40_000, going, ['[4/9] Load images'])).toBe(
      '… 40 s: still running (meanwhile: [4/9] Load images)',
    )
    expect(formatHeartbeat(40_000, { ...going, last: 'Pulling\nmore' }, [])).toBe(
      '… 40 s: still running; last seen: Pulling',
    )
    expect(formatHeartbeat(1000, { ...going, last: 'x'.repeat(200) }, [])).toMatch(/: x{119}…$/)
    expect(formatHeartbeat(1000, { ...going, last: 'x'.repeat(121) }, [])).toMatch(/: x{119}…$/)
    expect(formatHeartbeat(1000, { ...going, last: 'x'.repeat(120) }, [])).toMatch(/: x{120}$/)
    expect(formatHeartbeat(1000, going, ['a', 'b'])).toBe('… 1 s: still running (meanwhile: a, b)')
  })

  test('of a plan', () => {
    expect(formatPlan([], 'abc')).toEqual(['Plan: nothing to do. What stands is what was asked for.'])
    expect(formatPlan([step('Create node-1')], 'abc')[0]).toBe('Plan: 1 step, digest abc')
    expect(formatPlan([step('Create node-1'), step('Remove node-4')], 'abc')).toEqual([
      'Plan: 2 steps, digest abc',
      '  + Create node-1',
      '  - Remove node-4',
    ])
  })

  test('of conformance', () => {
    const row = { id: 'odd', sentence: 'An odd number of nodes', ok: true, evidence: '3 nodes' }
    expect(formatRow(row)).toBe('yes  An odd number of nodes: 3 nodes')
    expect(formatRow({ ...row, ok: false })).toBe('NO   An odd number of nodes: 3 nodes')
    expect(formatVerdict([row])).toBe('All 1 sentences of the recommended architecture hold.')
    expect(formatVerdict([row, { ...row, ok: false }])).toBe('1 of 2 sentences of the recommended architecture hold.')
  })

  test('of a failure end with what stands and what to do', () => {
    const error = new StackError('timeout', 'etcd did not start', { stands: 'node-1 serves.', next: 'Run it again.' })
    expect(formatFailure(error)).toEqual([
      'Failed (timeout): etcd did not start',
      'Standing: node-1 serves.',
      'Next: Run it again.',
    ])
    expect(formatFailure(new StackError('bug', 'one\ntwo'))).toEqual(['Failed (bug):\none\ntwo'])
  })
})

test('the output plan keeps the details of a change inside', () => {
  const text = planOutput([step('Install Rancher', 'hunter2')])
  expect(text).not.toContain('hunter2')
  expect(JSON.parse(text)).toEqual([
    { id: 'install-rancher', title: 'Install Rancher', needs: [], room: 'rancher', kind: 'install' },
  ])
})
