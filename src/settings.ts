import type { RunId, StackId } from './node.ts'
import type { Place, Retention, Wish } from './snapshots/snapshot.ts'

export const MODES = ['install', 'upgrade', 'backup', 'restore', 'status', 'destroy', 'sweep'] as const
export type Mode = (typeof MODES)[number]

/** One line of the input `hosts`. */
export type HostSpec = { user: string; address: string; port: number; name: string; privateAddress: string }

export type ProviderSettings =
  | LocalProviderSettings
  | { kind: 'hosts'; hosts: HostSpec[]; loadBalancer: string; forceNodes: string[] }
  | AwsProviderSettings

/** Containers of this machine. */
export type LocalProviderSettings = {
  kind: 'local'
  /** Image of the machines; undefined: built here. */
  image: string | undefined
  /** How long a stack made now lives; undefined: it is protected. */
  ttlMs?: number | undefined
}

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
  /** What inputs say of machines that run; absent in modes that ask nothing of them. */
  running?: RunningMachines
}

/** What is not named stays as it runs. */
export type RunningMachines = {
  /** As `image` above; with "-latest" behind a system its newest image, whatever image of the system runs. */
  image: string | undefined
  /** A machine of any of these is as asked. */
  instanceTypes: string[] | undefined
  /** Whether others are replaced (mode upgrade), or only told of (mode install). */
  areReplaced: boolean
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
  /** As it stands: nothing of the certificate is asked. */
  | { source: 'running' }
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

/** What is told on GitHub beside the log. */
export type GitHubSettings = {
  /** undefined: nothing can be told or asked. */
  token: string | undefined
  /** Keep one comment on the pull request up to date. */
  comment: boolean
  /** Name of the environment whose deployments show the stack. */
  environment: string | undefined
  /** Open an issue when the mode fails; the next run that works closes it. */
  failureIssue: boolean
}

export type RegistryCredential = { registry: string; username: string; password: string }

/** What every mode has. Every secret in it was masked before the value was made. */
export type CommonSettings = {
  stack: StackId
  run: RunId
  provider: ProviderSettings
  ssh: SshSettings
  tools: ToolSettings
  github: GitHubSettings
  /** How long to wait for another run's lease; 0 fails at once. */
  waitForLeaseMs: number
  /** When this run must have ended. */
  deadline: Date
  /** After this no new step begins. */
  lastStart: Date
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

/** What is asked of a stack that stands; what is not given stays as it runs. */
export type UpgradeSettings = CommonSettings & {
  mode: 'upgrade'
  /** undefined: the stack's own. */
  hostname: string | undefined
  /** undefined: as many as the stack has. */
  nodeCount: number | undefined
  /** Exact ("v1.32.6", or as the distribution names it), 'latest-patch', or undefined: the running one. */
  kubernetesVersion: string | undefined
  /** Merged over what is recorded of the cluster. */
  rkeConfig: Record<string, unknown>
  registryCredentials: RegistryCredential[]
  /** Its versions as above; `tls` is always the running one, and no first password is asked. */
  rancher: RancherSettings
  snapshots: SnapshotSettings
  /** How the point of return is verified: read whole and hashed, or restored into a scratch etcd too. */
  verify: 'hash' | 'restore'
  /** How old the point of return may be when data is put back. */
  restoreWindowMs: number
  /** What is done when the upgrade does not work out: put back as little as cures, or leave it as it stands. */
  onFailure: 'restore' | 'keep'
  dryRun: boolean
  /** Digest the plan must have. */
  expectedPlan: string | undefined
}

/** Where snapshots are, and how they are opened. */
export type SnapshotSettings = {
  places: Place[]
  /** Public keys of age; empty: not encrypted. */
  recipients: string[]
  /** Secret keys of age. */
  identities: string[]
  /** Public keys a snapshot may be signed with, besides the stack's own. */
  signers: string[]
  /** Opens snapshots whoever signed them. */
  unsigned: boolean
  /** How long an artifact lives; undefined: as the repository has it. */
  retentionDays: number | undefined
  /** For artifacts of other runs. */
  githubToken: string | undefined
}

export type BackupSettings = CommonSettings & {
  mode: 'backup'
  snapshots: SnapshotSettings
  /** Read whole and hashed, or restored into a scratch etcd too. */
  verify: 'hash' | 'restore'
  retention: Retention
  /** Takes a snapshot that holds fewer than half of the one before for sound. */
  acceptDrop: boolean
  dryRun: boolean
  /** Digest the plan must have. */
  expectedPlan: string | undefined
}

/** What a cluster is brought back from. */
export type RestoreFrom = { kind: 'survivor' } | { kind: 'latest' } | Exclude<Wish, { kind: 'latest' }>

export type RestoreSettings = CommonSettings & {
  mode: 'restore'
  snapshots: SnapshotSettings
  /** undefined: what the survivors know, else the newest sound snapshot. */
  restoreFrom: RestoreFrom | undefined
  /** Whether what is left is saved off the nodes before it is given up. */
  lastSnapshot: boolean
  /** undefined: as many as the snapshot knows. */
  nodeCount: number | undefined
  /** UID the cluster must have had. */
  clusterUid: string | undefined
  rancherToken: string | undefined
  dryRun: boolean
  /** Digest the plan must have. */
  expectedPlan: string | undefined
}

export type StatusSettings = CommonSettings & {
  mode: 'status'
  rancherToken: string | undefined
  snapshots: SnapshotSettings
  /** How old the newest sound snapshot may be; undefined: it is not asked for. */
  maxSnapshotAgeMs: number | undefined
}

export type DestroySettings = CommonSettings & {
  mode: 'destroy'
  confirm: string | undefined
  snapshots: SnapshotSettings
  /** Whether what stands is saved off the nodes before it is taken away. */
  lastSnapshot: boolean
  dryRun: boolean
  expectedPlan: string | undefined
}

/** Takes away what has expired, of every stack of this owner in the region. */
export type SweepSettings = CommonSettings & { mode: 'sweep'; dryRun: boolean }

export type Settings =
  | InstallSettings
  | UpgradeSettings
  | BackupSettings
  | RestoreSettings
  | StatusSettings
  | DestroySettings
  | SweepSettings
