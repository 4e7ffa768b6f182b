import { type Config, isConfig } from './cluster-yml.ts'

/**
 * The configuration a state recorded, as cluster.yml names it: a snapshot or a restore needs no input that says again
 * how the cluster was made. The state is JSON in camel case, cluster.yml is YAML in names of its own.
 *
 * Left out is what a call of rke is about and the cluster is not (nodes, the way to them, what is to be rotated), and
 * where rke would put snapshots itself: with a bucket of its own, rke restores whatever lies there under that name.
 *
 * @param recorded `rkeConfig` of a state file
 * @see rke 1.8.5, types/rke_types.go and backup_types.go (tags `yaml` and `json`)
 */
export function recordedConfig(recorded: Config): Config {
  const kept = Object.fromEntries(Object.entries(recorded).filter(([key]) => !OF_THE_CALL.has(key)))
  const config = rename(kept, '') as Config
  const services = config['services']
  if (!isConfig(services) || !isConfig(services['etcd'])) return config
  const { backup_config: backup, ...etcd } = services['etcd']
  if (!isConfig(backup)) return config
  const { s3backupconfig: _bucket, ...rest } = backup
  return { ...config, services: { ...services, etcd: { ...etcd, backup_config: rest } } }
}

/** Whether rke itself was told to put its rolling snapshots into a bucket. */
export function hasOwnBucket(recorded: Config): boolean {
  const backup = ['services', 'etcd', 'backupConfig'].reduce<unknown>(
    (value, key) => (isConfig(value) ? value[key] : undefined),
    recorded,
  )
  return isConfig(backup) && isConfig(backup['s3BackupConfig'])
}

const OF_THE_CALL = new Set([
  'nodes',
  'bastionHost',
  'sshKeyPath',
  'sshCertPath',
  'sshAgentAuth',
  'clusterName',
  'kubernetesVersion',
  'ignoreDockerVersion',
  'restore',
  'rotateCertificates',
  'rotateEncryptionKey',
])

/** Names that are not the JSON name in snake case. */
const NAMES: Record<string, string> = {
  kubeApi: 'kube-api',
  kubeController: 'kube-controller',
  calicoFlexVol: 'calico_flexvol',
  canalFlexVol: 'canal_flexvol',
  ignoreDaemonSets: 'ignore_daemonsets',
  s3BackupConfig: 's3backupconfig',
  awsAccessToken: 'aws_session_token',
}

/** Below these keys stand the user's own words, or objects of Kubernetes, which rke reads as they are. */
const OPAQUE = new Set([
  'extraArgs',
  'extraArgsArray',
  'winExtraArgs',
  'winExtraArgsArray',
  'options',
  'nodeSelector',
  'labels',
  'stubdomains',
  'updateStrategy',
  'admissionConfiguration',
  'policy',
  'customConfig',
  'extraEnvs',
  'extraVolumes',
  'extraVolumeMounts',
])

/** Below these keys the names are in camel case in both. */
const CAMEL_CASE = new Set(['cloudProvider', 'azureCloudProvider'])

function rename(value: unknown, parent: string): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, parent))
  if (!isConfig(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      yamlName(key, parent),
      isOpaque(key, parent) ? inner : rename(inner, key),
    ]),
  )
}

function isOpaque(key: string, parent: string): boolean {
  return OPAQUE.has(key) || (key === 'configuration' && parent === 'eventRateLimit')
}

function yamlName(key: string, parent: string): string {
  // Tolerations carry no names for YAML, which then takes the lower case of Go's.
  if (parent === 'tolerations') return key.toLowerCase()
  if (CAMEL_CASE.has(parent)) return key
  return NAMES[key] ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
