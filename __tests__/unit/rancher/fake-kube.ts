import type { KubernetesObject } from '@kubernetes/client-node'
import type { KindRef, Kube, ObjectRef } from '../../../src/rancher/kube.ts'

export type FakeKube = Kube & {
  objects: KubernetesObject[]
  /** What was asked that changes something ("apply Secret/tls-ca"). */
  changes: string[]
}

/** A cluster of the given objects. Labels are matched as `a=b,c=d`; logs by "pod/container". */
export function fakeKube(objects: KubernetesObject[] = [], logs: Record<string, string> = {}): FakeKube {
  const changes: string[] = []
  const isOf = (object: KubernetesObject, { kind, namespace }: KindRef) =>
    object.kind === kind && (namespace === undefined || object.metadata?.namespace === namespace)
  const isRef = (object: KubernetesObject, ref: ObjectRef) => isOf(object, ref) && object.metadata?.name === ref.name
  const kube = {
    objects,
    changes,
    get: async (ref: ObjectRef) => kube.objects.find((object) => isRef(object, ref)),
    list: async (ref: KindRef, labels = '') =>
      kube.objects.filter((object) => {
        const pairs = labels.split(',').filter((pair) => pair !== '')
        return isOf(object, ref) && pairs.every((pair) => hasLabel(object, pair))
      }),
    async apply(object: KubernetesObject) {
      changes.push(`apply ${object.kind}/${object.metadata?.name}`)
      const ref = { apiVersion: '', kind: object.kind ?? '', name: object.metadata?.name ?? '' }
      kube.objects = [...kube.objects.filter((other) => !isRef(other, ref)), object]
    },
    wouldCreate: async () => ({ accepted: true, why: 'accepted' }),
    async remove(ref: ObjectRef) {
      changes.push(`remove ${ref.kind}/${ref.name}`)
      kube.objects = kube.objects.filter((object) => !isRef(object, ref))
    },
    async logs({ name, container }: { name: string; container: string }) {
      const log = logs[`${name}/${container}`]
      if (log === undefined) throw new Error(`nobody announced a log of ${name}/${container}`)
      return log
    },
    async tail({ name, container }: { name: string; container: string }, { previous }: { previous: boolean }) {
      const log = logs[`${name}/${container}${previous ? '/previous' : ''}`]
      if (log === undefined) throw new Error(`nobody announced a log of ${name}/${container}`)
      return log
    },
  }
  return kube as unknown as FakeKube
}

function hasLabel(object: KubernetesObject, pair: string): boolean {
  const [key = '', value] = pair.split('=')
  return object.metadata?.labels?.[key] === value
}
