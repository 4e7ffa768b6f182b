import { expect, test } from '@jest/globals'
import { parseRecord, type Row, renderRecord } from '../../e2e/record.ts'

const row = (name: string, changed: Partial<Row> = {}): Row => ({
  name,
  result: 'passed',
  seconds: 12,
  date: '2026-11-24',
  commit: 'abc1234',
  ...changed,
})

test('a record reads back what was written, sorted by name', () => {
  const rows = [row('cancelled at second 10'), row('cancelled at second 9', { result: 'failed', commit: 'abc1234+' })]
  expect(parseRecord(renderRecord(rows))).toEqual(rows.toReversed())
})

test('a later row takes the place of the earlier one of its case', () => {
  const text = renderRecord([row('a node wiped', { result: 'failed' }), row('a node wiped', { seconds: 99 })])
  expect(parseRecord(text)).toEqual([row('a node wiped', { seconds: 99 })])
})
