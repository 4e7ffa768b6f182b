import type { ClusterFacts } from '../kubernetes/distribution.ts'
import { balancerForwards } from './balancer-forwards.ts'
import type { ConformanceContext } from './context.ts'
import { etcdOnEachNode } from './etcd-on-each-node.ts'
import { httpRedirects } from './http-redirects.ts'
import { kubernetesReady } from './kubernetes-ready.ts'
import { nameResolves } from './name-resolves.ts'
import { oddNodes } from './odd-nodes.ts'
import type { Probe } from './probe.ts'
import { rancherAnswers } from './rancher-answers.ts'
import { reachesPodPort } from './reaches-pod-port.ts'
import { replicaOnEachNode } from './replica-on-each-node.ts'
import { tlsAtIngress } from './tls-at-ingress.ts'

/** The recommended architecture, one probe a sentence. */
export function conformance(given: ConformanceContext): Probe[] {
  const context = { ...given, cluster: shared(given.cluster, given.read) }
  return [
    oddNodes(context),
    etcdOnEachNode(context),
    kubernetesReady(context),
    replicaOnEachNode(context),
    nameResolves(context),
    balancerForwards(context, 80),
    balancerForwards(context, 443),
    httpRedirects(context),
    tlsAtIngress(context),
    reachesPodPort(context),
    rancherAnswers(context),
  ]
}

/** Probes that ask at the same moment share one reading, at first the one there is; each later question makes a new one. */
function shared(read: () => Promise<ClusterFacts>, first: ClusterFacts | undefined): () => Promise<ClusterFacts> {
  let next = first === undefined ? read : async () => first
  let reading: Promise<ClusterFacts> | undefined
  return () => {
    reading ??= next().finally(() => {
      reading = undefined
    })
    next = read
    return reading
  }
}
