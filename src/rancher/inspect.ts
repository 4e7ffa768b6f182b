import type { KubernetesObject, V1Deployment, V1Pod, V1Secret } from '@kubernetes/client-node'
import { hasBootstrapSecret } from './bootstrap-secret.ts'
import { inspectDownstream } from './downstream.ts'
import {
  CERT_MANAGER_NAMESPACE,
  CERT_MANAGER_RELEASE,
  type CertManagerFacts,
  type DeploymentFacts,
  NAMESPACE,
  type PodFacts,
  type RancherFacts,
  RELEASE,
} from './facts.ts'
import type { Kube } from './kube.ts'
import { readReleaseOf } from './release.ts'
import { caFacts, certificateFacts, isSigned } from './tls.ts'

/** Reads what of Rancher is there; changes nothing, and does not ask Rancher itself. */
export async function inspect(kube: Kube): Promise<RancherFacts> {
  const readAt = new Date()
  const [
    release,
    deployment,
    pods,
    bootstrap,
    certificate,
    ca,
    signed,
    serverUrl,
    firstLogin,
    certManager,
    downstream,
  ] = await Promise.all([
    readReleaseOf(kube, NAMESPACE, RELEASE),
    kube.get<V1Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name: 'rancher' }),
    readPods(kube),
    hasBootstrapSecret(kube),
    secret(kube, 'tls-rancher-ingress'),
    secret(kube, 'tls-ca'),
    isSigned(kube),
    setting(kube, 'server-url'),
    setting(kube, 'first-login'),
    inspectCertManager(kube),
    inspectDownstream(kube),
  ])
  return {
    readAt,
    release,
    deployment: deployment && deploymentFacts(deployment),
    pods,
    bootstrapSecret: bootstrap,
    tls: { certificate: certificateFacts(certificate), ca: caFacts(ca), signed },
    serverUrl,
    firstLogin: firstLogin === undefined ? undefined : firstLogin !== 'false',
    certManager,
    downstream,
  }
}

/** The pods of Rancher itself, those that are being ended left out. */
async function readPods(kube: Kube): Promise<PodFacts[]> {
  const pods = await kube.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE }, 'app=rancher')
  return pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined).map(podFacts)
}

function secret(kube: Kube, name: string): Promise<V1Secret | undefined> {
  return kube.get<V1Secret>({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name })
}

/** Whether the newest template runs on as many replicas as asked, all of them ready. */
export function isRolledOut(deployment: DeploymentFacts | undefined): boolean {
  if (deployment === undefined) return false
  const { replicas, ready, updated, observed } = deployment
  return observed && replicas > 0 && updated >= replicas && ready >= replicas
}

export function deploymentFacts({ metadata, spec, status }: V1Deployment): DeploymentFacts {
  return {
    replicas: spec?.replicas ?? 1,
    ready: status?.readyReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
    image: spec?.template.spec?.containers[0]?.image ?? '',
  }
}

async function inspectCertManager(kube: Kube): Promise<CertManagerFacts> {
  const [release, kind, deployments] = await Promise.all([
    readReleaseOf(kube, CERT_MANAGER_NAMESPACE, CERT_MANAGER_RELEASE),
    kube.get({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'certificates.cert-manager.io',
    }),
    kube.list<V1Deployment>(
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: CERT_MANAGER_NAMESPACE },
      'app.kubernetes.io/instance=cert-manager',
    ),
  ])
  const each = deployments.map(deploymentFacts)
  const sum = (of: (facts: DeploymentFacts) => number) => each.reduce((total, facts) => total + of(facts), 0)
  return {
    release,
    kinds: kind !== undefined,
    ready:
      each.length === 0 ? undefined : { ready: sum(({ ready }) => ready), wanted: sum(({ replicas }) => replicas) },
  }
}

type Setting = KubernetesObject & { value?: string; default?: string }

/** A setting of Rancher's: what was set, else its default; undefined while Rancher has not made it. */
async function setting(kube: Kube, name: string): Promise<string | undefined> {
  const found = await kube.get<Setting>({ apiVersion: 'management.cattle.io/v3', kind: 'Setting', name })
  if (found === undefined) return undefined
  return found.value || (found.default ?? '')
}

function podFacts({ metadata, spec, status }: V1Pod): PodFacts {
  const created = metadata?.creationTimestamp
  return {
    name: metadata?.name ?? '',
    node: spec?.nodeName ?? '',
    ip: status?.podIP ?? '',
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    image: spec?.containers[0]?.image ?? '',
    createdAt: created === undefined ? undefined : new Date(created),
  }
}
