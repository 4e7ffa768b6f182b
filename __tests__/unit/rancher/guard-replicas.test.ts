import { expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import { unguard, whileGuarded } from '../../../src/rancher/guard-replicas.ts'
import { type FakeKube, fakeKube } from './fake-kube.ts'
import { deployment, pod, replicaSet } from './pods.ts'

const { signal } = new AbortController()
const stack = (replicas = 3): KubernetesObject[] => [
  { ...deployment, spec: { ...deployment.spec, replicas } } as KubernetesObject,
  replicaSet('old', 1),
  ...['a', 'b', 'c'].slice(0, replicas).map((name) => pod(name, 'old', { ready: true })),
]
const budget = (kube: FakeKube) => kube.objects.find(({ kind }) => kind === 'PodDisruptionBudget')

test('while nodes are drained one replica at a time may go; the budget does not stay', async () => {
  const kube = fakeKube(stack())
  const log: string[] = []
  const work = async () => {
    expect(budget(kube)).toMatchObject({
      metadata: { name: 'rancher-ha-upgrade', namespace: 'cattle-system' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'rancher' } } },
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await whileGuarded(kube, work, { reopen: async () => kube, log: (line) => log.push(line), signal })
  expect(budget(kube)).toBeUndefined()
  expect(log.at(-1)).toBe('At least 3 replicas of Rancher were ready throughout.')
})

test('it is taken away after work that fails, too, and the error of the work is the one that counts', async () => {
  const kube = fakeKube(stack())
  const failing = whileGuarded(kube, () => Promise.reject(new Error('rke ended')), {
    reopen: async () => kube,
    log: () => {},
    signal,
  })
  await expect(failing).rejects.toThrow('rke ended')
  expect(budget(kube)).toBeUndefined()
})

test('an API that does not answer afterwards is told, and hides no success', async () => {
  const kube = fakeKube(stack())
  const log: string[] = []
  const reopen = () => Promise.reject(new Error('no API server is ready'))
  await whileGuarded(kube, async () => {}, { reopen, log: (line) => log.push(line), signal })
  expect(log.at(-1)).toMatch(/warning: PodDisruptionBudget rancher-ha-upgrade could not be removed: no API server/)
  await unguard(kube)
  expect(budget(kube)).toBeUndefined()
})

test('a single replica gets none: nobody could drain its node', async () => {
  const kube = fakeKube(stack(1))
  await whileGuarded(kube, async () => {}, { reopen: async () => kube, log: () => {}, signal })
  expect(kube.changes).not.toContain('apply PodDisruptionBudget/rancher-ha-upgrade')
})
