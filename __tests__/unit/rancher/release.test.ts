import { expect, test } from '@jest/globals'
import { cureOf } from '../../../src/rancher/cure.ts'
import { inspect } from '../../../src/rancher/inspect.ts'
import { readRelease } from '../../../src/rancher/release.ts'
import { tries } from '../remedies/tries.ts'
import { fakeKube } from './fake-kube.ts'
import { NOW, release, releaseSecret } from './make.ts'

test('the newest revision is read, and the one that runs', () => {
  const facts = readRelease([
    releaseSecret({ revision: 9, status: 'deployed', version: '2.11.2', label: 'a' }),
    releaseSecret({ revision: 10, status: 'pending-upgrade', label: 'b', values: { replicas: 3 } }),
    releaseSecret({ revision: 8, status: 'superseded' }),
  ])
  expect(facts).toMatchObject({
    revision: 10,
    status: 'pending-upgrade',
    chartVersion: '2.11.3',
    values: { replicas: 3 },
    ours: true,
    deployed: { revision: 9, chartVersion: '2.11.2' },
    secret: 'sh.helm.release.v1.rancher.v10',
  })
})

test('an inherited mark is not ours', () => {
  const before = releaseSecret({ revision: 1, status: 'deployed', label: 'a' })
  expect(readRelease([before, releaseSecret({ revision: 2, status: 'pending-upgrade', label: 'a' })])?.ours).toBe(false)
  expect(readRelease([before, releaseSecret({ revision: 2, status: 'pending-upgrade', label: 'b' })])?.ours).toBe(true)
  expect(readRelease([releaseSecret({ revision: 1, status: 'pending-install' })])?.ours).toBe(false)
})

test('no release, and one that cannot be read', () => {
  expect(readRelease([])).toBeUndefined()
  const broken = { ...releaseSecret({ revision: 1, status: 'deployed' }), data: { release: 'AAAA' } }
  expect(() => readRelease([broken])).toThrow(expect.objectContaining({ kind: 'rancher' }))
})

const deployed = releaseSecret({ revision: 1, status: 'deployed' })
const damaged = { ...releaseSecret({ revision: 2, status: 'failed' }), data: { release: 'AAAA' } }
const kube = fakeKube([deployed, damaged])

tries('rancher', [
  [
    'Look at it with: helm history rancher -n cattle-system',
    () => inspect(kube),
    // The history has revision 1 only, since helm leaves out what it cannot read: the Secret that is named goes.
    async () => {
      const name = 'sh.helm.release.v1.rancher.v2'
      await kube.remove({ apiVersion: 'v1', kind: 'Secret', namespace: 'cattle-system', name })
      expect((await inspect(kube)).release).toMatchObject({ revision: 1, status: 'deployed' })
    },
  ],
])

const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000)
const cures: [string, Parameters<typeof release>[0], string][] = [
  ['deployed', { status: 'deployed' }, 'none'],
  ['failed', { status: 'failed' }, 'none'],
  ['our pending install', { status: 'pending-install', deployed: undefined }, 'forget'],
  ['our pending upgrade', { status: 'pending-upgrade', revision: 2 }, 'forget'],
  ['our pending rollback', { status: 'pending-rollback', revision: 3 }, 'forget'],
  ['our half-done removal', { status: 'uninstalling' }, 'forget'],
  ["somebody's young pending upgrade", { status: 'pending-upgrade', ours: false, begunAt: minutesAgo(14) }, 'wait'],
  ["somebody's dead pending upgrade", { status: 'pending-upgrade', ours: false, begunAt: minutesAgo(16) }, 'forget'],
  ['pending since nobody knows when', { status: 'pending-upgrade', ours: false, begunAt: undefined }, 'forget'],
]
test.each(cures)('cure of a release that is %s', (_name, over, kind) => {
  expect(cureOf(release(over), NOW).kind).toBe(kind)
})
