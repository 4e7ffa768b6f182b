import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { valuesToInstall } from '../../../src/rancher/apply.ts'
import { askedValues, plan } from '../../../src/rancher/plan.ts'
import { digest } from '../../../src/rancher/tls.ts'
import { digestSecrets, renderValues } from '../../../src/rancher/values.ts'
import { checkPlan } from '../../../src/schedule.ts'
import { bare, HOSTNAME, installed, NOW, release, settings, wanted } from './make.ts'

const ids = (...args: Parameters<typeof plan>) => plan(...args).map(({ id }) => id)
const given = { source: 'secret', certificate: 'CERT', privateKey: 'KEY', ca: 'CA' } as const
const held = {
  certificate: { fingerprint: 'AA', chainDigest: digest('CERT'), keyFits: true },
  ca: { digest: digest('CA'), writtenAt: NOW },
  signed: false,
}

test('from nothing, with cert-manager', () => {
  expect(ids(bare(), wanted(), undefined, settings())).toEqual([
    'install-cert-manager',
    'prove-cert-manager',
    'install-rancher',
    'prove-rancher',
    'set-server-url',
  ])
})

test('from nothing, with a certificate', () => {
  const steps = plan(bare(), wanted(), undefined, settings({ tls: given }))
  expect(steps.map(({ id }) => id)).toEqual(['write-tls-secrets', 'install-rancher', 'prove-rancher', 'set-server-url'])
  checkPlan(steps)
})

test('each step says what it is to do, in the room it is done in, and waits for the one before it', () => {
  const room = 'rancher'
  const steps = plan(bare(), wanted(), undefined, settings())
  expect(steps.map(({ title }) => title)).toEqual([
    'Install cert-manager v1.18.2',
    "Prove that cert-manager's webhook answers",
    'Install Rancher 2.11.3',
    'Prove that Rancher is ready',
    `Set server-url to https://${HOSTNAME}`,
  ])
  expect(steps.map(({ needs }) => needs)).toEqual([[], ...steps.slice(0, -1).map(({ id }) => [id])])
  const values = digestSecrets(askedValues(bare(), wanted(), settings()))
  expect(steps.map(({ change }) => change)).toEqual([
    { room, kind: 'install-cert-manager', version: 'v1.18.2' },
    { room, kind: 'prove-cert-manager' },
    { room, kind: 'install-rancher', version: '2.11.3', values, dropped: [] },
    { room, kind: 'prove-rancher', version: '2.11.3' },
    { room, kind: 'set-server-url', url: `https://${HOSTNAME}` },
  ])
  for (const { deadlineMs } of steps) expect(deadlineMs).toBeGreaterThanOrEqual(60_000)
})

test('of a certificate only digests stand in the plan', () => {
  const change = (tls: Parameters<typeof settings>[0]) => plan(bare(), wanted(), undefined, settings(tls))[0]?.change
  const written = { room: 'rancher', kind: 'write-tls-secrets', certificate: digest('CERT') }
  expect(change({ tls: given })).toEqual({ ...written, ca: digest('CA') })
  expect(change({ tls: { ...given, ca: undefined } })).toEqual({ ...written, ca: undefined })
})

test('a stuck release is cleared by its revision', () => {
  const stuck = release({ status: 'pending-upgrade', revision: 4, secret: 'sh.helm.release.v1.rancher.v4' })
  const facts = installed({ source: 'rancher' }, { release: stuck })
  expect(plan(facts, wanted(), undefined, settings())[0]?.change).toEqual({
    room: 'rancher',
    kind: 'clear-stuck-release',
    namespace: 'cattle-system',
    release: 'rancher',
    revision: 4,
    secret: 'sh.helm.release.v1.rancher.v4',
  })
})

test('a Rancher that is there is brought to a version, not installed', () => {
  const title = (over: Parameters<typeof installed>[1]) =>
    plan(installed({ source: 'rancher' }, over), wanted(), undefined, settings()).map((step) => step.title)[0]
  expect(title({ deployment: undefined })).toBe('Bring Rancher 2.11.3')
  const { values } = installed().release ?? release()
  expect(title({ release: release({ chartVersion: '2.11.2', values }) })).toBe('Bring Rancher 2.11.3')
  expect(title({ release: release({ status: 'failed', values }) })).toBe('Bring Rancher 2.11.3')
})

const certManagers: [string, Partial<ReturnType<typeof bare>['certManager']>, string | undefined, string[]][] = [
  ['nothing is to be installed', { release: undefined, kinds: false }, undefined, ['prove-cert-manager']],
  ['a replica is not ready', { ready: { ready: 2, wanted: 3 } }, 'v1.18.2', ['prove-cert-manager']],
  ['it has no replica', { ready: undefined }, 'v1.18.2', ['prove-cert-manager']],
  ['all replicas are ready', { ready: { ready: 3, wanted: 3 } }, 'v1.18.2', []],
  [
    'its install failed, though its replicas are ready',
    { release: release({ chart: 'cert-manager', status: 'failed' }) },
    'v1.18.2',
    ['install-cert-manager', 'prove-cert-manager'],
  ],
]
test.each(certManagers)('cert-manager, when %s', (_name, more, certManagerVersion, steps) => {
  const { certManager } = installed()
  const facts = installed({ source: 'rancher' }, { certManager: { ...certManager, ...more } })
  expect(ids(facts, wanted({ certManagerVersion }), undefined, settings())).toEqual(steps)
})

const OLD = new Date(NOW.getTime() - 1000)
const restarts: [string, (Date | undefined)[], Date | undefined, boolean][] = [
  ['a pod is older than the CA', [NOW, OLD], NOW, true],
  ['every pod is older than the CA', [OLD, OLD], NOW, true],
  ['the pods are as old as the CA', [NOW, NOW], NOW, false],
  ['the pods are younger than the CA', [NOW, NOW], OLD, false],
  ['it is not known when the CA was written', [OLD, OLD], undefined, false],
  ['it is not known when the pods were made', [undefined, undefined], NOW, false],
  ['there is no pod', [], NOW, false],
]
test.each(restarts)('Rancher is restarted for its CA, or not: %s', (_name, made, writtenAt, isRestarted) => {
  const pods = made.map((createdAt) => ({ name: 'r', node: 'n', ip: '', ready: true, image: '', createdAt }))
  const facts = installed(given, { tls: { ...held, ca: { digest: digest('CA'), writtenAt } }, pods })
  const steps = plan(facts, wanted(), undefined, settings({ tls: given }))
  expect(steps.map(({ change }) => change)).toEqual(
    isRestarted
      ? [
          { room: 'rancher', kind: 'restart-rancher' },
          { room: 'rancher', kind: 'prove-rancher', version: '2.11.3' },
        ]
      : [],
  )
})

test('without a CA of its own Rancher is never restarted for one', () => {
  const pods = [{ name: 'r', node: 'n', ip: '', ready: true, image: '', createdAt: OLD }]
  const tls = { ...held, ca: { digest: digest('CA'), writtenAt: NOW } }
  const noCa = { ...given, ca: undefined }
  expect(ids(installed(noCa, { tls, pods }), wanted(), undefined, settings({ tls: noCa }))).toEqual([])
  expect(ids(installed({ source: 'rancher' }, { tls, pods }), wanted(), undefined, settings())).toEqual([])
})

test('a first password among the values is no other way to give one', () => {
  const asked = settings({ helmValues: { bootstrapPassword: 'from-values', debug: true } })
  const values = askedValues(installed(), wanted(), asked)
  expect(values).not.toHaveProperty('bootstrapPassword')
  expect(values).toMatchObject({ debug: true })
})

test('what stands as asked needs nothing', () => {
  expect(ids(installed(), wanted(), undefined, settings())).toEqual([])
  const standing = installed(given, { tls: held })
  expect(ids(standing, wanted(), undefined, settings({ tls: given }))).toEqual([])
})

const repairs: [string, Parameters<typeof installed>[1], string[]][] = [
  [
    'a replica that is not ready',
    { deployment: { replicas: 3, ready: 2, updated: 3, observed: true, image: '' } },
    ['prove-rancher'],
  ],
  [
    'a roll-out not yet seen',
    { deployment: { replicas: 3, ready: 3, updated: 3, observed: false, image: '' } },
    ['prove-rancher'],
  ],
  ['a deployment that is gone', { deployment: undefined }, ['install-rancher', 'prove-rancher']],
  ['server-url never set', { serverUrl: '' }, ['set-server-url']],
  ['server-url never set, but the first login is over', { serverUrl: '', firstLogin: false }, []],
  ['server-url never set, and no password known', { serverUrl: '', bootstrapSecret: false }, []],
]
test.each(repairs)('%s', (_name, over, steps) => {
  expect(ids(installed({ source: 'rancher' }, over), wanted(), undefined, settings())).toEqual(steps)
})

test('a killed first install is cleared, then done again', () => {
  const facts = bare({ release: release({ status: 'pending-install', deployed: undefined }), bootstrapSecret: true })
  expect(ids(facts, wanted(), undefined, settings({ tls: given }))).toEqual([
    'write-tls-secrets',
    'clear-stuck-release-rancher',
    'install-rancher',
    'prove-rancher',
    'set-server-url',
  ])
})

test('a killed cert-manager install is cleared first', () => {
  const stuck = release({ chart: 'cert-manager', status: 'pending-install', deployed: undefined })
  const facts = bare({ certManager: { release: stuck, kinds: true, ready: undefined } })
  expect(ids(facts, wanted(), undefined, settings()).slice(0, 3)).toEqual([
    'clear-stuck-release-cert-manager',
    'install-cert-manager',
    'prove-cert-manager',
  ])
})

test("somebody else's cert-manager is used and left alone", () => {
  const foreign = { release: undefined, kinds: true, ready: undefined }
  expect(ids(installed({ source: 'rancher' }, { certManager: foreign }), wanted(), undefined, settings())).toEqual([])
})

test('a certificate that cert-manager made is taken over once the chart asks for none, and only where one is given', () => {
  const tls = { ...held, signed: true }
  const facts = installed({ source: 'rancher' }, { tls })
  expect(ids(facts, wanted(), undefined, settings())).toEqual([])
  const room = 'rancher'
  const other = { ...given, certificate: 'OTHER', ca: 'OTHER CA' }
  const steps = plan(facts, wanted(), undefined, settings({ tls: other }))
  expect(steps.map(({ id }) => id)).toEqual(['write-tls-ca', 'install-rancher', 'take-over-tls', 'prove-rancher'])
  const digests = { certificate: digest('OTHER'), ca: digest('OTHER CA') }
  expect(steps[0]?.change).toEqual({ room, kind: 'write-tls-ca', ca: digests.ca })
  expect(steps[2]?.change).toEqual({ room, kind: 'take-over-tls', ...digests })
  for (const { deadlineMs } of steps) expect(deadlineMs).toBeGreaterThanOrEqual(60_000)

  const known = settings({ tls: { ...other, ca: undefined } })
  expect(ids(facts, wanted(), undefined, known)).toEqual(['install-rancher', 'take-over-tls', 'prove-rancher'])
})

test('a run killed before the certificate was taken over is finished by the next', () => {
  const tls = { ...held, signed: true }
  expect(ids(installed(given, { tls }), wanted(), undefined, settings({ tls: given }))).toEqual(['take-over-tls'])
})

test('a changed certificate is written, a changed CA also restarts Rancher', () => {
  const other = { ...given, certificate: 'OTHER' }
  expect(ids(installed(given, { tls: held }), wanted(), undefined, settings({ tls: other }))).toEqual([
    'write-tls-secrets',
  ])
  const pods = [{ name: 'r', node: 'n', ip: '', ready: true, image: '', createdAt: NOW }]
  const otherCa = { ...given, ca: 'OTHER' }
  expect(ids(installed(given, { tls: held, pods }), wanted(), undefined, settings({ tls: otherCa }))).toEqual([
    'write-tls-secrets',
    'restart-rancher',
    'prove-rancher',
  ])
})

test('a run killed between the new CA and the restart is finished by the next', () => {
  const tls = { ...held, ca: { digest: digest('CA'), writtenAt: new Date(NOW.getTime() + 1000) } }
  const pods = [{ name: 'r', node: 'n', ip: '', ready: true, image: '', createdAt: NOW }]
  const steps = ids(installed(given, { tls, pods }), wanted(), undefined, settings({ tls: given }))
  expect(steps).toEqual(['restart-rancher', 'prove-rancher'])
})

test('a value asked last and dropped is taken out; one that others set stays', () => {
  const asked = settings({ helmValues: { debug: true } })
  const values = { ...askedValues(bare(), wanted(), asked), theirs: 1 }
  const facts = installed({ source: 'rancher' }, { release: release({ values }) })
  const last = digestSecrets(askedValues(bare(), wanted(), asked))
  expect(ids(facts, wanted(), last, asked)).toEqual([])

  const [step] = plan(facts, wanted(), last, settings())
  expect(step?.change).toMatchObject({ kind: 'install-rancher', dropped: [['debug']] })
  const merged = valuesToInstall(facts, { dropped: [['debug']] }, { settings: settings(), wanted: wanted() })
  expect(merged).toEqual({ ...askedValues(bare(), wanted(), settings()), theirs: 1 })
})

test('the first password is given once, and never again a reason to change anything', () => {
  const asked = settings({ bootstrapPassword: 'secret-one' })
  const first = askedValues(bare(), wanted(), asked)
  expect(first).toMatchObject({ bootstrapPassword: 'secret-one' })
  const facts = installed({ source: 'rancher' }, { release: release({ values: first }) })
  const last = digestSecrets(first)
  expect(ids(facts, wanted(), last, asked)).toEqual([])
  expect(ids(facts, wanted(), last, settings())).toEqual([])
  expect(ids(facts, wanted(), last, settings({ bootstrapPassword: 'secret-two' }))).toEqual([])
})

test('a password given after Rancher made its own changes nothing', () => {
  const asked = settings({ bootstrapPassword: 'secret-one' })
  expect(ids(installed(), wanted(), undefined, asked)).toEqual([])
  expect(askedValues(installed(), wanted(), asked)).not.toHaveProperty('bootstrapPassword')
})

test('no secret stands in a plan', () => {
  const asked = settings({
    bootstrapPassword: 'secret-one',
    helmValues: { extraEnv: [{ name: 'API_TOKEN', value: 'secret-two' }] },
    tls: { ...given, privateKey: 'secret-three' },
  })
  expect(JSON.stringify(plan(bare(), wanted(), undefined, asked))).not.toMatch(/secret-(one|two|three)/)
})

test('once carried out, there is nothing left to plan', () => {
  const values = fc.dictionary(
    fc.constantFrom('debug', 'resources', 'extra'),
    fc.oneof(fc.integer(), fc.object({ maxDepth: 1 })),
  )
  fc.assert(
    fc.property(values, values, values, fc.constantFrom(3, 5, 7), (lastValues, helmValues, theirs, nodeCount) => {
      const last = renderValues({
        hostname: HOSTNAME,
        nodeCount: 3,
        bootstrapPassword: undefined,
        tls: { source: 'rancher' },
      })
      const live = { ...theirs, ...last, ...lastValues }
      const facts = installed({ source: 'rancher' }, { release: release({ values: live }) })
      const asked = settings({ helmValues })
      const kept = digestSecrets({ ...last, ...lastValues })
      const install = plan(facts, wanted({ nodeCount }), kept, asked).find(({ id }) => id === 'install-rancher')
      if (install === undefined) return
      const dropped = install.change['dropped'] as string[][]
      const after = valuesToInstall(facts, { dropped }, { settings: asked, wanted: wanted({ nodeCount }) })
      const now = installed({ source: 'rancher' }, { release: release({ values: after }) })
      const keptNow = digestSecrets(askedValues(facts, wanted({ nodeCount }), asked))
      expect(plan(now, wanted({ nodeCount }), keptNow, asked)).toEqual([])
    }),
  )
})
