import { expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import { findCa } from '../../../src/rancher/tls.ts'
import type { Values } from '../../../src/rancher/values.ts'
import { fakeKube } from './fake-kube.ts'
import { releaseSecret } from './make.ts'

const [PRIVATE, RANCHERS, GIVEN] = ['the private CA', "Rancher's own", 'the given CA']

/** A cluster that keeps both authorities, whatever its release of Rancher uses. */
function cluster(values: Values) {
  return fakeKube([
    releaseSecret({ revision: 3, status: 'deployed', values }),
    secret('tls-ca', 'cacerts.pem', PRIVATE),
    secret('tls-rancher', 'tls.crt', RANCHERS),
  ])
}

function secret(name: string, key: string, text: string): KubernetesObject {
  const data = { [key]: Buffer.from(text).toString('base64') }
  return { kind: 'Secret', metadata: { name, namespace: 'cattle-system' }, data } as KubernetesObject
}

const source = (name: string) => ({ ingress: { tls: { source: name } } })

test.each([
  ['a private CA', { ...source('secret'), privateCA: true }, PRIVATE],
  ['a public one, after a private one', source('secret'), undefined],
  ["Rancher's own, after a private one", source('rancher'), RANCHERS],
  ["the chart's default", { hostname: 'rancher.example.com' }, RANCHERS],
  ["Let's Encrypt", source('letsEncrypt'), undefined],
  ["Let's Encrypt's staging, whose CA somebody put there", { ...source('letsEncrypt'), privateCA: true }, PRIVATE],
])('the CA is that of the running release: %s', async (_, values, ca) => {
  expect(await findCa(cluster(values))).toBe(ca)
})

test('a CA that was given is the one', async () => {
  const given = { source: 'secret', certificate: '', privateKey: '', ca: GIVEN } as const
  expect(await findCa(cluster(source('rancher')), given)).toBe(GIVEN)
})

test('without a release nobody signed anything', async () => {
  expect(await findCa(fakeKube([secret('tls-ca', 'cacerts.pem', PRIVATE)]))).toBeUndefined()
})
