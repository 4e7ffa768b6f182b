import { kubeletVersion, TAKEN_VERSIONS } from '../kubernetes/rke/versions.ts'
import { lastStart } from '../schedule.ts'
import type {
  BackupSettings,
  CommonSettings,
  InstallSettings,
  Mode,
  ProviderSettings,
  RestoreSettings,
  Settings,
  SnapshotSettings,
  TlsSettings,
  UpgradeSettings,
} from '../settings.ts'
import { LATEST_PATCH } from '../versions/resolve.ts'
import { DEFAULT_IMAGE, DEFAULT_TYPES } from './aws.ts'
import {
  type BackupValues,
  type CommonValues,
  DEFAULT_NAME,
  type DestroyValues,
  type InstallValues,
  type RestoreValues,
  type StatusValues,
  type SweepValues,
  type UpgradeValues,
} from './schema.ts'

/** The parsed inputs of a mode. */
export type Values =
  | ({ mode: 'install' } & InstallValues)
  | ({ mode: 'upgrade' } & UpgradeValues)
  | ({ mode: 'backup' } & BackupValues)
  | ({ mode: 'restore' } & RestoreValues)
  | ({ mode: 'status' } & StatusValues)
  | ({ mode: 'destroy' } & DestroyValues)
  | ({ mode: 'sweep' } & SweepValues)

type Environment = Record<string, string | undefined>

/** What every mode has, and what only some have. */
type ValuesOfAny = CommonValues & { mode: Mode; ttl?: number | undefined }

/** Inputs nothing is wrong with, as the house's own settings. */
export function settingsOf(values: Values, env: Environment, now: Date): Settings {
  const common = commonSettings(values, env, now)
  if (values.mode === 'install') return installSettings(values, common)
  if (values.mode === 'upgrade') return upgradeSettings(values, common)
  if (values.mode === 'backup') return backupSettings(values, common)
  if (values.mode === 'restore') return restoreSettings(values, common)
  if (values.mode === 'status') {
    return {
      ...common,
      mode: 'status',
      rancherToken: values['rancher-token'],
      snapshots: snapshotSettings(values),
      maxSnapshotAgeMs: values['max-snapshot-age'],
    }
  }
  if (values.mode === 'sweep') return { ...common, mode: 'sweep', dryRun: values['dry-run'] }
  return {
    ...common,
    mode: 'destroy',
    confirm: values.confirm,
    snapshots: snapshotSettings(values),
    lastSnapshot: values['last-snapshot'],
    dryRun: values['dry-run'],
    expectedPlan: values['expected-plan'],
  }
}

/** The name Rancher answers to; on `local` it follows from the stack's name. */
export function hostnameOf(values: Pick<InstallValues, 'hostname' | 'provider' | 'name'>): string | undefined {
  return values.hostname ?? (values.provider === 'local' ? `${values.name ?? DEFAULT_NAME}.rancher.test` : undefined)
}

/** A Kubernetes version as the tested rke names it; undefined when it does not take it. */
export function rkeName(version: string): string | undefined {
  return TAKEN_VERSIONS.find((known) => known === `v${version}` || kubeletVersion(known) === `v${version}`)
}

/** Outside of GitHub a stack belongs to nobody but this machine's user, and each run is another one. */
function commonSettings(values: ValuesOfAny, env: Environment, now: Date): CommonSettings {
  const ownerName = env['GITHUB_REPOSITORY'] || 'local'
  const deadline = new Date(now.getTime() + values.timeout)
  return {
    stack: { name: values.name ?? DEFAULT_NAME, owner: env['GITHUB_REPOSITORY_ID'] || ownerName, ownerName },
    run: { id: env['GITHUB_RUN_ID'] || `local-${now.getTime()}`, attempt: Number(env['GITHUB_RUN_ATTEMPT'] || 1) },
    provider: providerSettings(values, env),
    ssh: {
      privateKeys: values['ssh-private-key'],
      knownHosts: values['ssh-known-hosts'],
      bastion: values['ssh-bastion'],
    },
    tools: {
      bundle: values['airgap-bundle'],
      mirror: values['tool-mirror'],
      rkeVersion: prefixed(values['rke-version']),
      helmVersion: prefixed(values['helm-version']),
    },
    github: {
      token: values['github-token'],
      comment: values.comment,
      environment: values.environment,
      failureIssue: values['failure-issue'],
    },
    waitForLeaseMs: values['wait-for-lease'],
    deadline,
    lastStart: lastStart(now, deadline),
  }
}

function providerSettings(values: ValuesOfAny, env: Environment): ProviderSettings {
  if (values.provider === 'aws') return awsSettings(values, env)
  if (values.provider === 'local') return { kind: 'local', image: values['local-image'], ttlMs: values.ttl }
  return {
    kind: 'hosts',
    hosts: values.hosts ?? [],
    loadBalancer: values['load-balancer'] ?? '',
    forceNodes: values['force-nodes'],
  }
}

function awsSettings(values: ValuesOfAny, env: Environment): ProviderSettings {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env
  return {
    kind: 'aws',
    region: values['aws-region'] ?? '',
    role: values['aws-role'],
    idToken: url && token ? { url, token } : undefined,
    vpc: values['aws-vpc'],
    subnets: values['aws-subnets'],
    instanceTypes: values['aws-instance-type'] ?? DEFAULT_TYPES,
    image: values['aws-image'] ?? DEFAULT_IMAGE,
    volumeSizeGib: values['aws-volume-size'],
    kmsKey: values['aws-kms-key'],
    hostedZone: values['aws-hosted-zone'],
    address: values['aws-address'],
    spot: values['aws-spot'],
    tags: values['aws-tags'],
    loadBalancerScheme: values['load-balancer-scheme'],
    allowedCidrs: values['allowed-cidrs'],
    runnerCidrs: values['runner-cidr'],
    apiListener: values['api-listener'],
    ttlMs: values.ttl,
    ...((values.mode === 'install' || values.mode === 'upgrade') && {
      running: {
        image: values['aws-image'],
        instanceTypes: values['aws-instance-type'],
        areReplaced: values.mode === 'upgrade',
      },
    }),
  }
}

function installSettings(values: InstallValues, common: CommonSettings): InstallSettings {
  return {
    ...common,
    mode: 'install',
    hostname: hostnameOf(values) ?? '',
    nodeCount: common.provider.kind === 'hosts' ? common.provider.hosts.length : values['node-count'],
    distribution: values.distribution,
    kubernetesVersion: kubernetesVersion(values['kubernetes-version']),
    rkeConfig: values['rke-config'],
    rkeState: values['rke-state'],
    newCluster: values['new-cluster'],
    clusterUid: values['cluster-uid'],
    registryCredentials: values['registry-credentials'],
    rancher: {
      version: values['rancher-version'],
      chart: values['rancher-chart'],
      certManagerVersion: prefixed(values['cert-manager-version']),
      helmValues: values['helm-values'],
      bootstrapPassword: values['bootstrap-password'],
      token: values['rancher-token'],
      tls: tlsSettings(values),
    },
    dryRun: values['dry-run'],
    expectedPlan: values['expected-plan'],
    dnsWaitMs: values['dns-wait'],
  }
}

function upgradeSettings(values: UpgradeValues, common: CommonSettings): UpgradeSettings {
  return {
    ...common,
    mode: 'upgrade',
    hostname: values.hostname,
    nodeCount: common.provider.kind === 'hosts' ? common.provider.hosts.length : values['node-count'],
    kubernetesVersion: askedVersion(values['kubernetes-version']),
    rkeConfig: values['rke-config'],
    registryCredentials: values['registry-credentials'],
    rancher: {
      version: values['rancher-version'],
      chart: values['rancher-chart'],
      certManagerVersion: askedVersion(values['cert-manager-version']),
      helmValues: values['helm-values'],
      bootstrapPassword: undefined,
      token: values['rancher-token'],
      tls: { source: 'running' },
    },
    snapshots: snapshotSettings(values),
    verify: values['backup-verify'],
    restoreWindowMs: values['restore-window'],
    onFailure: values['on-failure'],
    dryRun: values['dry-run'],
    expectedPlan: values['expected-plan'],
  }
}

function backupSettings(values: BackupValues, common: CommonSettings): BackupSettings {
  return {
    ...common,
    mode: 'backup',
    snapshots: snapshotSettings(values),
    verify: values['backup-verify'],
    retention: { keepLast: values['keep-last'], keepDays: values['keep-days'] },
    acceptDrop: values['accept-drop'],
    dryRun: values['dry-run'],
    expectedPlan: values['expected-plan'],
  }
}

function restoreSettings(values: RestoreValues, common: CommonSettings): RestoreSettings {
  return {
    ...common,
    mode: 'restore',
    snapshots: snapshotSettings(values),
    restoreFrom: values['restore-from'],
    lastSnapshot: values['last-snapshot'],
    nodeCount: common.provider.kind === 'hosts' ? common.provider.hosts.length : values['node-count'],
    clusterUid: values['cluster-uid'],
    rancherToken: values['rancher-token'],
    dryRun: values['dry-run'],
    expectedPlan: values['expected-plan'],
  }
}

function snapshotSettings(values: Partial<BackupValues & RestoreValues>): SnapshotSettings {
  return {
    places: values['backup-to'] ?? [],
    recipients: values['backup-recipients'] ?? [],
    identities: values['backup-identity'] ?? [],
    signers: values['snapshot-signer'] ?? [],
    unsigned: values.unsigned ?? false,
    retentionDays: values['retention-days'],
    githubToken: values['github-token'],
  }
}

/** `install` never changes a running version, and the tested one is the newest patch it knows: both are "not given". */
function kubernetesVersion(version: string | undefined): string | undefined {
  if (version === undefined || version === LATEST_PATCH) return undefined
  return rkeName(version) ?? `v${version}`
}

/** With its leading "v", as releases and charts of both have it; the distribution's own name for it is found later. */
function askedVersion(version: string | undefined): string | undefined {
  return version === LATEST_PATCH ? LATEST_PATCH : prefixed(version)
}

function tlsSettings(values: InstallValues): TlsSettings {
  if (values['tls-source'] === 'letsEncrypt') return { source: 'letsEncrypt', email: values['letsencrypt-email'] ?? '' }
  if (values['tls-source'] === 'rancher') return { source: 'rancher' }
  return {
    source: 'secret',
    certificate: values['tls-certificate'] ?? '',
    privateKey: values['tls-private-key'] ?? '',
    ca: values['tls-ca'],
  }
}

function prefixed(version: string | undefined): string | undefined {
  return version === undefined ? undefined : `v${version}`
}
