import { expect, test } from '@jest/globals'
import { ApiException, type KubeConfig, type V1Pod } from '@kubernetes/client-node'
import { drainNode, movable } from '../../../../src/kubernetes/rke/drain-node.ts'
import { tries } from '../../remedies/tries.ts'

const { signal } = new AbortController()
const QUICK = { deadlineMs: 200, everyMs: 1 }

function pod(name: string, more: { kind?: string; mirror?: boolean } = {}): V1Pod {
  const { kind = 'ReplicaSet', mirror = false } = more
  const ownerReferences = [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }]
  const annotations = mirror ? { 'kubernetes.io/config.mirror': 'x' } : {}
  return { metadata: { name, namespace: 'default', ownerReferences, annotations } }
}

/** An API with these pods on the node; a pod held by a budget goes only after so many refusals. */
function apiWith(pods: V1Pod[], { held = {} as Record<string, number>, node = true } = {}) {
  const acts: string[] = []
  let left = pods
  const core = {
    async patchNode({ name, body }: { name: string; body: unknown }) {
      if (!node) throw new ApiException(404, 'no', undefined, {})
      acts.push(`${name} ${JSON.stringify(body)}`)
      return {}
    },
    async listPodForAllNamespaces({ fieldSelector }: { fieldSelector: string }) {
      expect(fieldSelector).toBe('spec.nodeName=node-1')
      return { items: left }
    },
    async createNamespacedPodEviction({ name }: { name: string }) {
      const refusals = held[name] ?? 0
      held[name] = refusals - 1
      if (refusals > 0) throw new ApiException(429, 'budget', undefined, {})
      acts.push(`evict ${name}`)
      left = left.filter(({ metadata }) => metadata?.name !== name)
    },
  }
  const config = { makeApiClient: () => core } as unknown as KubeConfig
  const openApi = async () => ({ config, kubeconfigFile: '', [Symbol.asyncDispose]: async () => {} })
  return { acts, openApi }
}

test('what would come again at once, or is the machine’s own, stays where it is', () => {
  const pods = [pod('a'), pod('b', { kind: 'DaemonSet' }), pod('c', { mirror: true }), { metadata: { name: 'bare' } }]
  expect(movable(pods).map(({ metadata }) => metadata?.name)).toEqual(['a', 'bare'])
})

test('the node takes nothing new, then its pods go; one a budget holds is asked again', async () => {
  const { acts, openApi } = apiWith([pod('rancher'), pod('other'), pod('ingress', { kind: 'DaemonSet' })], {
    held: { rancher: 2 },
  })
  await drainNode(openApi, 'node-1', signal, QUICK)
  expect(acts).toEqual(['node-1 {"spec":{"unschedulable":true}}', 'evict other', 'evict rancher'])
})

test('a pod that does not go is named', async () => {
  const { openApi } = apiWith([pod('stuck')], { held: { stuck: 1e9 } })
  await expect(drainNode(openApi, 'node-1', signal, QUICK)).rejects.toMatchObject({
    kind: 'kubernetes',
    message: 'node-1 was not drained in time; these pods stayed: default/stuck',
  })
})

const held = { stuck: 1e9 }
const holding = apiWith([pod('stuck')], { held })
tries('kubernetes', [
  [
    'Look which disruption budget holds them, or why they do not end; then run mode upgrade again.',
    () => drainNode(holding.openApi, 'node-1', signal, QUICK),
    async () => {
      held.stuck = 0
      await drainNode(holding.openApi, 'node-1', signal, QUICK)
      expect(holding.acts.at(-1)).toBe('evict stuck')
    },
  ],
])

test('a node that Kubernetes does not know any more is drained', async () => {
  const { acts, openApi } = apiWith([pod('a')], { node: false })
  await drainNode(openApi, 'node-1', signal, QUICK)
  expect(acts).toEqual([])
})
