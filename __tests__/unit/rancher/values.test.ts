import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { refuseValues } from '../../../src/rancher/owned-values.ts'
import { digestSecrets, isTree, mergeValues, overlay, renderValues, type Values } from '../../../src/rancher/values.ts'
import { HOSTNAME } from './make.ts'

const inputs = { hostname: HOSTNAME, nodeCount: 3, bootstrapPassword: undefined, tls: { source: 'rancher' } as const }

test('values follow from inputs', () => {
  expect(renderValues(inputs)).toEqual({
    hostname: HOSTNAME,
    replicas: 3,
    antiAffinity: 'required',
    ingress: { tls: { source: 'rancher' } },
  })
})

test('a given CA makes it a private one; without one agents trust the system', () => {
  const tls = { source: 'secret', certificate: 'c', privateKey: 'k', ca: 'ca' } as const
  expect(renderValues({ ...inputs, tls })).toMatchObject({ privateCA: true, ingress: { tls: { source: 'secret' } } })
  expect(renderValues({ ...inputs, tls })).not.toHaveProperty('agentTLSMode')
  expect(renderValues({ ...inputs, tls: { ...tls, ca: undefined } })).toMatchObject({ agentTLSMode: 'system-store' })
  expect(renderValues({ ...inputs, tls: { source: 'letsEncrypt', email: 'a@b.test' } })).toMatchObject({
    letsEncrypt: { email: 'a@b.test' },
    agentTLSMode: 'system-store',
  })
})

test('a dropped value goes, a changed one changes, what others set stays', () => {
  const askedLast = { replicas: 3, auditLog: { level: 1, maxAge: 5 }, debug: true }
  const askedNow = { replicas: 5, auditLog: { level: 2 } }
  const live = { replicas: 3, auditLog: { level: 1, maxAge: 5, maxBackup: 9 }, debug: true, theirs: { a: 1 } }
  expect(mergeValues(askedLast, askedNow, live)).toEqual({
    replicas: 5,
    auditLog: { level: 2, maxBackup: 9 },
    theirs: { a: 1 },
  })
})

const cases: [string, Values | undefined, Values, Values | undefined, Values][] = [
  ['first install', undefined, { a: 1 }, undefined, { a: 1 }],
  ['adopted: live stays', undefined, { a: 1 }, { a: 0, b: 2 }, { a: 1, b: 2 }],
  ['a whole tree dropped leaves what others put in it', { t: { a: 1 } }, {}, { t: { a: 1, b: 2 } }, { t: { b: 2 } }],
  ['a whole tree dropped', { t: { a: 1 } }, {}, { t: { a: 1 } }, {}],
  ['a list is one value', { l: [1, 2] }, { l: [3] }, { l: [1, 2] }, { l: [3] }],
  ['a tree becomes a value', { t: { a: 1 } }, { t: 5 }, { t: { a: 1 } }, { t: 5 }],
  ['an empty tree dropped', { t: {} }, {}, { t: {}, k: 1 }, { k: 1 }],
  ['a dropped secret goes though it was kept as a digest', { pass: 'sha256:0' }, {}, { pass: 'x' }, {}],
]
test.each(cases)('three-way: %s', (_name, askedLast, askedNow, live, merged) => {
  expect(mergeValues(askedLast, askedNow, live)).toEqual(merged)
})

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor')
const { values } = fc.letrec<{ values: Values; value: unknown }>((tie) => ({
  values: fc.dictionary(key, tie('value'), { maxKeys: 3 }) as fc.Arbitrary<Values>,
  value: fc.oneof({ maxDepth: 2 }, fc.integer(), fc.array(fc.integer(), { maxLength: 2 }), tie('values')),
}))

test('a second merge of the same changes nothing, and all that is asked stands', () => {
  fc.assert(
    fc.property(values, values, values, (askedLast, askedNow, live) => {
      const once = mergeValues(askedLast, askedNow, live)
      expect(mergeValues(askedNow, askedNow, once)).toEqual(once)
      expect(overlay(once, askedNow)).toEqual(once)
      expect(({} as Values)['polluted']).toBeUndefined()
    }),
  )
})

test('what was asked once and dropped leaves what was live before', () => {
  fc.assert(
    fc.property(values, values, (asked, live) => {
      fc.pre(Object.keys(asked).every((name) => !Object.hasOwn(live, name)))
      const cleaned = mergeValues(asked, {}, mergeValues(undefined, asked, live))
      expect(cleaned).toEqual(live)
    }),
  )
})

test('digests hide what may be a secret, wherever it stands, and nothing else', () => {
  const hidden = digestSecrets({
    hostname: HOSTNAME,
    bootstrapPassword: 'correct horse',
    extraEnv: [
      { name: 'DB_PASSWORD', value: 'battery' },
      { name: 'PLAIN', value: 'staple' },
    ],
    imagePullSecrets: [{ name: 'registry' }],
    proxy: 'http://user:pw@proxy:3128',
    url: 'https://user:pw@place/',
    privateCA: true,
  })
  const text = JSON.stringify(hidden)
  for (const secret of ['correct horse', 'battery', 'user:pw']) expect(text).not.toContain(secret)
  expect(hidden).toMatchObject({ hostname: HOSTNAME, privateCA: true })
  expect(text).toContain('staple')
  expect(hidden['bootstrapPassword']).toMatch(/^sha256:[0-9a-f]{16}$/)
})

test('digests keep the shape, so that they serve as the base of a merge', () => {
  fc.assert(
    fc.property(values, (tree) => {
      const shape = (value: unknown): unknown =>
        isTree(value) ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v)])) : 0
      expect(shape(digestSecrets(tree))).toEqual(shape(tree))
    }),
  )
})

const contradictions: [string, Values, string][] = [
  ['hostname', { hostname: 'other.test' }, 'hostname'],
  ['fewer replicas', { replicas: 2 }, 'replicas'],
  ['negative replicas', { replicas: -3 }, 'replicas'],
  ['another certificate source', { ingress: { tls: { source: 'secret' } } }, 'ingress.tls.source'],
  ['a password', { bootstrapPassword: 'hidden' }, 'bootstrapPassword'],
  ['TLS ended outside', { tls: 'external' }, 'tls'],
  ['no ingress', { ingress: { enabled: false } }, 'ingress.enabled'],
  ['port 443 of the pods', { ingress: { servicePort: 443 } }, 'ingress.servicePort'],
  ['no HTTP', { service: { disableHTTP: true } }, 'service.disableHTTP'],
  ['a gateway', { networkExposure: { type: 'gateway' } }, 'networkExposure.type'],
  ['another secret', { ingress: { tls: { secretName: 'mine' } } }, 'ingress.tls.secretName'],
  ['a private CA without one', { privateCA: true }, 'privateCA'],
]
test.each(contradictions)('helm-values may not contradict: %s', (_name, helmValues, path) => {
  const refusals = refuseValues(helmValues, inputs)
  expect(refusals).toHaveLength(1)
  expect(refusals[0]?.what).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}: `))
  expect(JSON.stringify(refusals)).not.toContain('hidden')
})

test('helm-values may say the same again, and anything else', () => {
  expect(refuseValues({ ...renderValues(inputs), antiAffinity: 'preferred', resources: {} }, inputs)).toEqual([])
})
