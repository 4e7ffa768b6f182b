import { expect, test } from '@jest/globals'
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node'
import { quiet } from '../../../src/rancher/quiet.ts'
import { type FakeKube, fakeKube } from './fake-kube.ts'
import { deployment, pod } from './pods.ts'

const { signal } = new AbortController()
const replicasOf = (kube: FakeKube) =>
  (kube.objects.find(({ kind }) => kind === 'Deployment') as V1Deployment | undefined)?.spec?.replicas

/** A cluster that ends the pods as soon as none is asked for. */
function obedient(objects: KubernetesObject[]): FakeKube {
  const kube = fakeKube(objects)
  const apply = kube.apply
  kube.apply = async (object) => {
    await apply(object)
    if ((object as V1Deployment).spec?.replicas === 0) kube.objects = kube.objects.filter(({ kind }) => kind !== 'Pod')
  }
  return kube
}

test('every replica is ended, and as many are woken again', async () => {
  const kube = obedient([deployment, pod('a', 'old', { ready: true }), pod('b', 'old', { ready: true })])
  const wake = await quiet(kube, { log: () => {}, signal })
  expect(replicasOf(kube)).toBe(0)
  expect(kube.objects.filter(({ kind }) => kind === 'Pod')).toEqual([])
  await wake()
  expect(replicasOf(kube)).toBe(3)
})

test('no Rancher, or one that was ended already, is left as it is', async () => {
  const none = { ...deployment, spec: { ...deployment.spec, replicas: 0 } } as KubernetesObject
  for (const objects of [[], [none]]) {
    const kube = fakeKube(objects)
    await (await quiet(kube, { log: () => {}, signal }))()
    expect(kube.changes).toEqual([])
  }
})

test('who is told to stop stops', async () => {
  const stopped = AbortSignal.abort(new Error('cancelled'))
  const kube = fakeKube([deployment, pod('a', 'old', { ready: true })])
  await expect(quiet(kube, { log: () => {}, signal: stopped })).rejects.toThrow('cancelled')
})
