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

test('a chart begins with how its times are read and shown', () => {
  expect(
    renderGantt([moment('a')], 0)
      ?.split('\n')
      .slice(0, 5),
  ).toEqual(['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', '  todayMarker off', '  section Steps'])
})

test('times are whole milliseconds', () => {
  expect(renderGantt([moment('a', 0.6, 2.2)], 0.2)).toMatch(/, 1, 3$/)
})

test('a name is cut at sixty letters, and a step without one is a step', () => {
  const name = (heading: string) => /^ {2}(.*) :done/.exec(renderGantt([moment(heading)], 0)?.split('\n')[5] ?? '')?.[1]
  expect(name('x'.repeat(60))).toBe('x'.repeat(60))
  expect(name('x'.repeat(61))).toBe(`${'x'.repeat(59)}…`)
  expect(name(' :; ')).toBe('step')
  expect(name(' a  \t b:c ')).toBe('a b c')
})

test('as many rows as a picture shows are drawn', () => {
  const timeline = Array.from({ length: 80 }, () => moment('a'))
  expect(renderGantt(timeline, 0)?.split('\n')).toHaveLength(85)
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
  ['latest', '2026-03-01', ['not known']],
  ['x1.32.6', '2026-03-01', ['not known']],
])('Kubernetes %s on %s', (version, day, told) => {
  const now = Date.parse(`${day}T12:00:00Z`)
  expect(supported({ 'kubernetes-version': version }, now).map(({ support }) => support)).toEqual(told)
  expect(supported({}, now)).toEqual([])
})

test('what runs is told by name and version, Rancher by where its end is told', () => {
  const outputs = { 'rancher-version': '2.11.3', 'kubernetes-version': '1.32.6-rancher1-1' }
  expect(supported(outputs, Date.parse('2026-01-01T00:00:00Z'))).toEqual([
    { name: 'Rancher', version: '2.11.3', support: 'see suse.com/lifecycle' },
    { name: 'Kubernetes', version: '1.32.6-rancher1-1', support: 'until 2026-02-28' },
    { name: 'RKE', version: 'v1', support: 'ended 2025-07-31' },
  ])
  expect(supported({ 'rancher-version': '2.11.3', 'kubernetes-version': '' }, 0)).toHaveLength(1)
  expect(supported({ 'rancher-version': '', 'kubernetes-version': 'v1.32.6-ranchers' }, 0)).toHaveLength(1)
})

test('a day ends with its last second', () => {
  const told = (now: string) => supported({ 'kubernetes-version': 'v1.32.6' }, Date.parse(now))[0]?.support
  expect(told('2026-02-28T23:59:59Z')).toBe('until 2026-02-28')
  expect(told('2026-03-01T00:00:00Z')).toBe('ended 2026-02-28')
})

test.each([
  ['1.30', '2025-07-15'],
  ['1.31', '2025-11-11'],
  ['1.33', '2026-06-28'],
  ['1.34', '2026-10-27'],
  ['1.35', '2027-02-28'],
  ['1.36', '2027-06-28'],
  ['1.37', '2027-10-28'],
])('Kubernetes %s has its own end', (minor, end) => {
  expect(supported({ 'kubernetes-version': `v${minor}.1` }, 0)[0]?.support).toBe(`until ${end}`)
})
