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

const edges: [string, VersionSet][] = [
  ['the oldest Kubernetes of a Rancher', { rancher: '2.11.3', kubernetes: 'v1.30.0' }],
  ['the newest Kubernetes of a Rancher', { rancher: '2.11.3', kubernetes: 'v1.32.9' }],
  ['the oldest Helm of a Rancher', { rancher: '2.12.3', helm: 'v3.18.0' }],
  ['any Helm, of a Rancher that names none', { rancher: '2.9.3', helm: 'v3.1.0' }],
  ['the oldest and the newest of a tool', { kubernetes: 'v1.29.0', helm: 'v3.17.0', certManager: 'v1.17.0' }],
  ['the newest Kubernetes of a tool', { kubernetes: 'v1.36.0', helm: 'v4.2.0', certManager: 'v1.21.0' }],
]
test.each(edges)('%s fits', (_name, set) => {
  expect(fits(set)).toEqual([])
})

const whole: [string, VersionSet, ReturnType<typeof fits>[number]][] = [
  [
    'a Rancher nobody knows: first and last of the table, and the tested one',
    { rancher: '9.9.9' },
    {
      kind: 'input',
      subject: 'rancher-version',
      what: 'Rancher 9.9.9 is not in the table of known sets (2.9 to 2.15).',
      next: `Set rancher-version to one of these minors, for example ${TESTED.rancher}.`,
    },
  ],
  [
    'a distribution no Rancher knows: no last one is named',
    { rancher: '2.11.3', distribution: 'other' },
    {
      kind: 'input',
      subject: 'rancher-version',
      what: 'Rancher 2.11.3 does not run on distribution other.',
      next: `Set rancher-version to ${TESTED.rancher} (the tested set), or choose another distribution.`,
    },
  ],
  [
    'a Kubernetes no Rancher takes: none is named',
    { rancher: '2.11.3', kubernetes: 'v1.99.0' },
    {
      kind: 'input',
      subject: 'kubernetes-version',
      what: 'Rancher 2.11.3 runs on Kubernetes 1.30 to 1.32, got v1.99.0.',
      next: 'Set kubernetes-version to one of 1.30 to 1.32.',
    },
  ],
  [
    'a Helm too old for Rancher',
    { rancher: '2.12.3', helm: 'v3.17.3' },
    {
      kind: 'input',
      subject: 'helm-version',
      what: 'Rancher 2.12.3 needs Helm 3.18 or newer, got v3.17.3.',
      next: 'Set helm-version to 3.18 or newer.',
    },
  ],
  [
    'a tool that goes with others: each is named',
    { kubernetes: 'v1.29.9', helm: 'v3.20.0' },
    {
      kind: 'input',
      subject: 'helm-version',
      what: 'Helm v3.20.0 does not go with Kubernetes v1.29.9; these do: 3.17.',
      next: 'Set helm-version to one of 3.17.',
    },
  ],
  [
    'a tool, where none goes with Kubernetes: the Kubernetes is what can be changed',
    { kubernetes: 'v1.99.0', certManager: 'v1.18.2' },
    {
      kind: 'input',
      subject: 'cert-manager-version',
      what: 'cert-manager v1.18.2 does not go with Kubernetes v1.99.0; these do: none that is known.',
      next: 'Set another kubernetes-version.',
    },
  ],
]
test.each(whole)('%s', (_name, set, refusal) => {
  expect(fits(set)).toEqual([refusal])
})

test('all that does not fit is told at once', () => {
  const set = { rancher: '2.12.3', distribution: 'rke', kubernetes: 'v1.30.1', helm: 'v3.17.0', certManager: 'v1.20.0' }
  expect(fits(set).map(({ subject }) => subject)).toEqual([
    'rancher-version',
    'kubernetes-version',
    'helm-version',
    'cert-manager-version',
  ])
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
