import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderGantt } from '../../../src/report/gantt.ts'
import { supported } from '../../../src/report/support.ts'

const moment = (heading: string, startMs = 0, tookMs = 1000) => ({ heading, startMs, tookMs, ok: true })

test('steps are bars in the order they began, a failed one marked', () => {
  const timeline = [{ ...moment('[2/2] Install', 5000, 0), ok: false }, moment('[1/2] Create: node-1')]
  expect(renderGantt(timeline, 1_000_000)?.split('\n').slice(5)).toEqual([
    '  [1/2] Create node-1 :done, s0, 1000000, 1001000',
    '  [2/2] Install :crit, s1, 1005000, 1005001',
  ])
})

test('nothing, and more than a picture can show, is not drawn', () => {
  expect(renderGantt([], 0)).toBeUndefined()
  expect(
    renderGantt(
      Array.from({ length: 81 }, () => moment('a')),
      0,
    ),
  ).toBeUndefined()
})

test('whatever a heading says, it stays one row of four fields and ends no fence', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (heading) => {
      const rows = (renderGantt([moment(heading)], 0) ?? '').split('\n').slice(5)
      expect(rows).toHaveLength(1)
      expect(rows[0]).toMatch(/^ {2}[^:;#`]+ :done, s0, 0, 1000$/)
    }),
  )
})

test.each([
  ['v1.32.6-rancher1-1', '2026-01-01', ['until 2026-02-28', 'ended 2025-07-31']],
  ['v1.32.6-rancher1-1', '2026-02-28', ['until 2026-02-28', 'ended 2025-07-31']],
  ['v1.32.6+rke2r1', '2026-03-01', ['ended 2026-02-28']],
  ['v1.99.0', '2026-03-01', ['not known']],
])('Kubernetes %s on %s', (version, day, told) => {
  const now = Date.parse(`${day}T12:00:00Z`)
  expect(supported({ 'kubernetes-version': version }, now).map(({ support }) => support)).toEqual(told)
  expect(supported({}, now)).toEqual([])
})
