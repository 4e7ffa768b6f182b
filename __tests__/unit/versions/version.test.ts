import { expect, test } from '@jest/globals'
import { bare, compareVersions, minorOf, nextMinor, parseVersion } from '../../../src/versions/version.ts'

test.each([
  ['v1.32.6-rancher1-1', [1, 32, 6], 'rancher1-1'],
  ['v1.33.4+rke2r1', [1, 33, 4], ''],
  ['2.11.0-rc1+build.7', [2, 11, 0], 'rc1'],
  ['2.11.3', [2, 11, 3], ''],
  ['1.30', [1, 30, 0], ''],
  ['10.20.30-A.b-9', [10, 20, 30], 'A.b-9'],
])('%s is read', (text, numbers, pre) => {
  expect(parseVersion(text)).toEqual({ numbers, pre })
})

test.each([
  '',
  'v',
  '1',
  'latest',
  '1.',
  '1.2.',
  '1.2.3.4',
  '1.2.3-',
  'w1.2.3',
  ' 1.2.3',
  '1.2.3 ',
  '1.x.3',
  '1.2.x',
  'x.2.3',
  '1.2.3-rc_1',
  'vv1.2.3',
  '1.2.3build',
])('"%s" is no version', (text) => {
  expect(parseVersion(text)).toBeUndefined()
  expect(minorOf(text)).toBe(text)
})

test.each([
  ['1.2.3', '1.2.3', 0],
  ['v1.2.3', '1.2.3', 0],
  ['1.2', '1.2.0', 0],
  ['2.0.0', '1.9.9', 1],
  ['1.10.0', '1.9.9', 1],
  ['1.2.10', '1.2.9', 1],
  ['1.2.3', '1.2.3-rc1', 1],
  ['1.2.3-rc2', '1.2.3-rc1', 1],
  ['1.2.3-rc10', '1.2.3-rc9', 1],
  ['1.2.4-rc1', '1.2.3', 1],
  ['0.0.1', 'latest', 1],
  ['latest', 'newest', 0],
])('%s and %s compare by %d, and the other way round', (one, other, sign) => {
  expect(Math.sign(compareVersions(one, other))).toBe(sign)
  expect(Math.sign(compareVersions(other, one))).toBe(sign === 0 ? 0 : -sign)
})

test('the minor of a version, and of what is none the text', () => {
  expect(['v1.32.6-rancher1-1', '2.11.3', '1.30', 'latest'].map(minorOf)).toEqual(['1.32', '2.11', '1.30', 'latest'])
})

test('a version without its v, and only the first one', () => {
  expect(['v1.2.3', '1.2.3', '1.2.3-dev'].map(bare)).toEqual(['1.2.3', '1.2.3', '1.2.3-dev'])
})

test('the minor after, by number', () => {
  expect(['2.9', '1.30', 'v1.31.4', 'latest'].map(nextMinor)).toEqual(['2.10', '1.31', '1.32', '0.1'])
})
