import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fileName, parseFileName, parseName, renderName } from '../../../src/snapshots/names.ts'
import { UID } from './make.ts'

const named = fc.record({
  stack: fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
  clusterUid: fc.uuid(),
  takenAt: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }).map((at) => {
    at.setUTCMilliseconds(0)
    return at
  }),
  run: fc.stringMatching(/^[1-9][0-9]{0,10}-[1-9][0-9]?$/),
  keys: fc.nat(),
  rancherKeys: fc.nat(),
  doubted: fc.boolean(),
})

test('a name tells again what it was made of, and is a name for every place', () => {
  fc.assert(
    fc.property(named, fc.boolean(), (named, encrypted) => {
      const name = renderName(named)
      expect(parseName(name)).toEqual(named)
      expect(parseFileName(fileName({ name }, encrypted))).toEqual({ ...named, name, encrypted })
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,200}$/)
    }),
  )
})

test('names of one cluster sort by time', () => {
  const at = (time: string) =>
    renderName({
      stack: 'a',
      clusterUid: UID,
      takenAt: new Date(time),
      run: '9-1',
      keys: 1,
      rancherKeys: 1,
      doubted: false,
    })
  expect(at('2026-01-02T03:04:05Z')).toBe(`a_${UID}_20260102T030405Z_9-1_1-1`)
  expect(at('2026-10-02T03:04:05Z') > at('2026-09-30T23:59:59Z')).toBe(true)
})

test.each([
  'logs.tar',
  `rancher_${UID}_20261124T030000Z_100-1_51-14`,
  `rancher_${UID}_20261324T030000Z_100-1_51-14.tar`,
  `rancher_${UID}_20261124T030000Z_100-1_51-14.tar.gz`,
  `../rancher_${UID}_20261124T030000Z_100-1_51-14.tar`,
  `rancher_${UID}_20261124T030000Z_100-1_51-14.zip`,
  `rancher_${UID}_20261124T030000Z_100-1_51-14_more.tar`,
  `rancher_${UID}_20261124T030000Z_100-1_51-14_doubted_.tar`,
  `rancher_${UID}_20260231T030000Z_100-1_51-14.tar`,
  `rancher_${UID}_20261124T240000Z_100-1_51-14.tar`,
])('%s is no snapshot of ours', (file) => {
  expect(parseFileName(file)).toBeUndefined()
})
