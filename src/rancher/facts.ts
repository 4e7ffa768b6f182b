import type { ReleaseFacts } from './release.ts'

/** What of Rancher is there now. Holds secrets (the release's values): never printed whole. */
export type RancherFacts = {
  /** By this machine's clock. */
  readAt: Date
  release: ReleaseFacts | undefined
  /** undefined while there is no deployment. */
  deployment: DeploymentFacts | undefined
  pods: PodFacts[]
  /** Whether the first password stands (or our copy of it); if so, the chart keeps it and no input changes it. */
  bootstrapSecret: boolean
  tls: TlsFacts
  /** Rancher's own settings; undefined before Rancher made them, serverUrl '' while nobody has set it. */
  serverUrl: string | undefined
  firstLogin: boolean | undefined
  certManager: CertManagerFacts
  downstream: DownstreamFacts
}

/** What this Rancher manages beside the cluster it runs on. */
export type DownstreamFacts = {
  clusters: DownstreamCluster[]
  /** Templates that only RKE1 clusters are made of, as "NodeTemplate cattle-global-nt/nt-x1". */
  rke1Templates: string[]
}

export type DownstreamCluster = {
  /** Id of the object ("c-m-x1y2"). */
  id: string
  /** As people named it. */
  name: string
  /** Whether Rancher made it with RKE1 (spec.rancherKubernetesEngineConfig). */
  isRke1: boolean
  /** As Rancher last saw it; undefined when it never did. */
  kubernetesVersion: string | undefined
  /** Types of its conditions that are not True, sorted. */
  notTrue: string[]
}

export type DeploymentFacts = {
  replicas: number
  ready: number
  /** Replicas of the newest template; fewer than `replicas` during a roll-out. */
  updated: number
  /** Whether the controller has seen the newest template. */
  observed: boolean
  image: string
}

export type PodFacts = {
  name: string
  node: string
  ip: string
  ready: boolean
  image: string
  createdAt: Date | undefined
}

export type TlsFacts = {
  /** The certificate the ingress controller presents, from Secret tls-rancher-ingress. */
  certificate: { fingerprint: string; chainDigest: string; keyFits: boolean } | undefined
  /** The private CA Rancher gives its agents, from Secret tls-ca; `writtenAt` by the API server's clock, when we wrote it. */
  ca: { digest: string; writtenAt: Date | undefined } | undefined
  /** Whether cert-manager makes the certificate, and makes it anew when another is put in its place. */
  signed: boolean
}

export type CertManagerFacts = {
  release: ReleaseFacts | undefined
  /** Whether its kinds are there, whoever installed them. */
  kinds: boolean
  /** Replicas ready of those wanted, over its deployments; undefined when there are none. */
  ready: { ready: number; wanted: number } | undefined
}

/** What is asked of Rancher, every version exact. Holds secrets by way of the settings it was made of: never printed. */
export type WantedRancher = {
  hostname: string
  nodeCount: number
  /** As the distribution names it; undefined when not known yet. */
  kubernetesVersion: string | undefined
  distribution: string | undefined
  helmVersion: string | undefined
  /** Rancher's version and chart version: they are the same. */
  version: string
  versionFrom: 'input' | 'running' | 'tested' | 'chart' | 'repository'
  /** Version of the chart at the path given as `rancher-chart`; undefined when no path was given. */
  pathVersion: string | undefined
  /** undefined when the certificate is not cert-manager's affair. */
  certManagerVersion: string | undefined
}

export const NAMESPACE = 'cattle-system'
export const RELEASE = 'rancher'
export const CERT_MANAGER_NAMESPACE = 'cert-manager'
export const CERT_MANAGER_RELEASE = 'cert-manager'

/** The facts where no Kubernetes answers: nothing of Rancher is there. */
export function noRancher(readAt: Date): RancherFacts {
  return {
    readAt,
    release: undefined,
    deployment: undefined,
    pods: [],
    bootstrapSecret: false,
    tls: { certificate: undefined, ca: undefined, signed: false },
    serverUrl: undefined,
    firstLogin: undefined,
    certManager: { release: undefined, kinds: false, ready: undefined },
    downstream: { clusters: [], rke1Templates: [] },
  }
}
