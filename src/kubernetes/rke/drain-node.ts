import { setTimeout as sleep } from 'node:timers/promises'
import type { CoreV1Api, V1Pod } from '@kubernetes/client-node'
import { StackError } from '../../errors.ts'
import type { Api } from '../distribution.ts'
import { DRAIN_S } from './upgrade-config.ts'

const EVERY_MS = 2_000

/**
 * Lets nothing new onto a node, and moves what can run elsewhere off it. Evicting asks every disruption budget, so it
 * waits for a replica that is not ready elsewhere yet. Nothing to do for a node Kubernetes does not know any more.
 *
 * @throws StackError of kind `kubernetes` that names the pods that stayed
 * @see Kubernetes, "Safely Drain a Node" and "API-initiated Eviction"
 */
export async function drainNode(
  openApi: () => Promise<Api>,
  node: string,
  signal: AbortSignal,
  { deadlineMs = DRAIN_S * 1000, everyMs = EVERY_MS } = {},
): Promise<void> {
  await using api = await openApi()
  const { CoreV1Api: Core, PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node')
  const core = api.config.makeApiClient(Core)
  const merging = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
  const cordon = () => core.patchNode({ name: node, body: { spec: { unschedulable: true } } }, merging)
  if ((await unless(404, cordon)) === undefined) return
  const endsAt = Date.now() + deadlineMs
  for (;;) {
    signal.throwIfAborted()
    const { items } = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${node}` })
    const left = movable(items)
    if (left.length === 0) return
    if (Date.now() > endsAt) throw notDrained(node, left)
    const going = left.filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    await Promise.all(going.map((pod) => evict(core, pod)))
    await sleep(everyMs, undefined, { signal })
  }
}

/** The pods a drain moves: those of a DaemonSet would come again at once, those of the machine itself cannot be moved. Pure. */
export function movable(pods: V1Pod[]): V1Pod[] {
  return pods.filter(({ metadata }) => {
    const isOfDaemonSet = metadata?.ownerReferences?.some(({ kind, controller }) => controller && kind === 'DaemonSet')
    return !isOfDaemonSet && metadata?.annotations?.['kubernetes.io/config.mirror'] === undefined
  })
}

/** A budget that has nothing to spare (429) is asked again later. */
async function evict(core: CoreV1Api, { metadata }: V1Pod): Promise<void> {
  const { name = '', namespace = '' } = metadata ?? {}
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
  await unless(429, () => unless(404, () => core.createNamespacedPodEviction({ name, namespace, body })))
}

async function unless<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
  const { ApiException } = await import('@kubernetes/client-node')
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof ApiException && thrown.code === code) return undefined
    throw thrown
  }
}

function notDrained(node: string, left: V1Pod[]): StackError {
  const names = left.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`).join(', ')
  return new StackError('kubernetes', `${node} was not drained in time; these pods stayed: ${names}`, {
    stands: 'The node takes no new pods, and is still part of the cluster.',
    next: 'Look which disruption budget holds them, or why they do not end; then run mode upgrade again.',
    retry: true,
  })
}
