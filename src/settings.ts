import type { RunId, StackId } from './node.ts'

export const MODES = ['install', 'upgrade', 'backup', 'restore', 'status', 'destroy', 'sweep'] as const
export type Mode = (typeof MODES)[number]

/** One line of the input `hosts`. */
export type HostSpec = { user: string; address: string; port: number; name: string; privateAddress: string }

export type ProviderSettings =
  | { kind: 'local'; image: string | undefined }
  | { kind: 'hosts'; hosts: HostSpec[]; loadBalancer: string; forceNodes: string[] }
  | AwsProviderSettings

/** An account of AWS, and what is made there. */
export type AwsProviderSettings = {
  kind: 'aws'
  region: string
  /** Role taken through the job's own OIDC token; undefined: the SDK's default chain. */
  role: string | undefined
  /** Where the job gets that token; undefined where it may not. The token is a secret. */
  idToken: { url: string; token: string } | undefined
  /** Id or "Key=Value" of a tag; undefined: the default network. */
  vpc: string | undefined
  /** Ids and tags; empty: all of the network. */
  subnets: string[]
  /** Tried in order. */
  instanceTypes: string[]
  /** Id, or the name of a system whose newest image is taken. */
  image: string
  volumeSizeGib: number
  kmsKey: string | undefined
  /** Id or name; undefined: found by the host name. */
  hostedZone: string | undefined
  /** How nodes are reached. */
  address: 'public' | 'private'
  spot: boolean
  tags: Record<string, string>
  loadBalancerScheme: 'internal' | 'internet-facing'
  /** Who may reach the load balancer; empty: the network. */
  allowedCidrs: string[]
  runnerCidrs: 'auto' | string[]
  apiListener: boolean
  /** How long a stack made now lives; undefined: it is protected. */
  ttlMs: number | undefined
}

export type SshSettings = {
  /** Private keys, OpenSSH format, unlocked. Empty on `local`, which makes its own. */
  privateKeys: string[]
  /** known_hosts lines, or 'accept-new'. */
  knownHosts: string[] | 'accept-new'
  bastion: string | undefined
}

export type ToolSettings = {
  /** Directory or tar of the air-gap bundle; with it no registry and no release page is reached. */
  bundle: string | undefined
  /** Base URL that serves the same layout as the release pages. */
  mirror: string | undefined
  rkeVersion: string | undefined
  helmVersion: string | undefined
}

export type TlsSettings =
  | { source: 'rancher' }
  | { source: 'letsEncrypt'; email: string }
  | { source: 'secret'; certificate: string; privateKey: string; ca: string | undefined }

export type RancherSettings = {
  /** Exact, 'latest-patch', or undefined: the running one, else the tested one. */
  version: string | undefined
  /** latest, stable, alpha, a repository URL, or a path. */
  chart: string
  certManagerVersion: string | undefined
  /** Merged over the values the action renders. */
  helmValues: Record<string, unknown>
  bootstrapPassword: string | undefined
  /** API token for probes that ask Rancher itself. */
  token: string | undefined
  tls: TlsSettings
}

export type RegistryCredential = { registry: string; username: string; password: string }

/** What every mode has. Every secret in it was masked before the value was made. */
export type CommonSettings = {
  stack: StackId
  run: RunId
  provider: ProviderSettings
  ssh: SshSettings
  tools: ToolSettings
  /** How long to wait for another run's lease; 0 fails at once. */
  waitForLeaseMs: number
  /** When this run must have ended. */
  deadline: Date
}

export type InstallSettings = CommonSettings & {
  mode: 'install'
  hostname: string
  nodeCount: number
  /** undefined: read from the stack. */
  distribution: 'rke' | undefined
  kubernetesVersion: string | undefined
  rkeConfig: Record<string, unknown>
  /** Content of a cluster.rkestate to adopt. */
  rkeState: string | undefined
  newCluster: boolean
  clusterUid: string | undefined
  registryCredentials: RegistryCredential[]
  rancher: RancherSettings
  dryRun: boolean
  /** Digest the plan must have. */
  expectedPlan: string | undefined
  /** How long to wait for a record that a person has to make. */
  dnsWaitMs: number
}

export type StatusSettings = CommonSettings & { mode: 'status'; rancherToken: string | undefined }

export type DestroySettings = CommonSettings & {
  mode: 'destroy'
  confirm: string | undefined
  dryRun: boolean
  expectedPlan: string | undefined
}

/** Takes away what has expired, of every stack of this owner in the region. */
export type SweepSettings = CommonSettings & { mode: 'sweep'; dryRun: boolean }

export type Settings = InstallSettings | StatusSettings | DestroySettings | SweepSettings
