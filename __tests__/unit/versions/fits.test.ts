import { expect, test } from '@jest/globals'
import { fits, type VersionSet } from '../../../src/versions/fits.ts'
import { TABLE, TESTED } from '../../../src/versions/table.ts'
import { compareVersions, minorOf } from '../../../src/versions/version.ts'

test('the tested set fits', () => {
  const { rancher, kubernetes, helm, certManager } = TESTED
  expect(fits({ rancher, kubernetes, helm, certManager, distribution: 'rke' })).toEqual([])
})

const misfits: [string, VersionSet, string, string][] = [
  ['Kubernetes too new', { rancher: '2.11.3', kubernetes: 'v1.33.2' }, 'kubernetes-version', '1.30 to 1.32'],
  ['Kubernetes too old', { rancher: '2.11.3', kubernetes: 'v1.29.9' }, 'kubernetes-version', '1.30 to 1.32'],
  ['Rancher without rke', { rancher: '2.12.3', distribution: 'rke' }, 'rancher-version', 'last one that does is 2.11'],
  ['Rancher unknown', { rancher: '9.9.9' }, 'rancher-version', 'not in the table'],
  ['Helm too new', { kubernetes: 'v1.32.6', helm: 'v3.21.0' }, 'helm-version', '3.17, 3.18, 3.19, 3.20'],
  ['Helm too old for Rancher', { rancher: '2.12.3', helm: 'v3.17.3' }, 'helm-version', '3.18 or newer'],
  ['cert-manager too new', { kubernetes: 'v1.32.6', certManager: 'v1.21.0' }, 'cert-manager-version', '1.18'],
]
test.each(misfits)('%s is refused with what would fit', (_name, set, subject, would) => {
  const refusals = fits(set)
  expect(refusals.map((refusal) => refusal.subject)).toEqual([subject])
  expect(refusals[0]?.what).toContain(would)
  expect(refusals[0]?.kind).toBe('input')
})

test('a Kubernetes that does not fit names the Ranchers that take it', () => {
  const [refusal] = fits({ rancher: '2.11.3', kubernetes: 'v1.33.2' })
  expect(refusal?.next).toContain('2.12 or 2.13 or 2.14')
})

test('what is not known is not judged', () => {
  expect(fits({})).toEqual([])
  expect(fits({ rancher: '2.11.3' })).toEqual([])
})

test('every row has a source, a date and a range in order', () => {
  const { rancher, certManager, helm } = TABLE
  for (const { kubernetes, source, date } of [...rancher, ...certManager, ...helm]) {
    expect(compareVersions(kubernetes.min, kubernetes.max)).toBeLessThan(0)
    expect(source).not.toBe('')
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  }
})

test('versions are ordered by number, a pre-release before its release', () => {
  const order = ['2.9.10', '2.11.0-rc1', '2.11.0-rc2', '2.11.0-rc10', '2.11.0', '2.11.3', 'v2.12.0']
  expect(order.toReversed().toSorted(compareVersions)).toEqual(order)
  expect(minorOf('v1.32.6-rancher1-1')).toBe('1.32')
})
