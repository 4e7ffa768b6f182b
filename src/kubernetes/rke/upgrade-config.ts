import { minorOf } from '../../versions/version.ts'
import type { Asked, WantedCluster } from '../distribution.ts'
import { type Config, clusterDigest, isConfig, mergeConfig, namesSettings, settingsDigest } from './cluster-yml.ts'

/** What rke is given beside nodes and version, and what stack.json is to remember of it. */
export type UpgradeConfig = {
  config: Config
  /**
   * As install reckons them. Where nobody knows what was asked in full, the one of the cluster is '', so that the next
   * install brings it there.
   */
  digests: Pick<Asked, 'clusterDigest' | 'settingsDigest'>
}

/** Whether the inputs say all that was ever asked of the cluster: `rke-config` is given, or what runs was made without. */
export function isSaidInFull(wanted: WantedCluster, asked: Asked | undefined): boolean {
  return namesSettings(wanted) || asked?.settingsDigest === settingsDigest(wanted)
}

/**
 * What is said in full is what an install with it makes; else what runs stays. How the change is made
 * (upgrade_strategy) is no part of what is remembered.
 *
 * @param kept the configuration as the state has it (`recordedConfig`), with the images rke takes for the running
 *   version by itself, and the digest of what was asked; undefined when all is said
 */
export function upgradeConfig(
  wanted: WantedCluster,
  { running, version }: { running: string; version: string },
  kept: { recorded: Config; defaults: Record<string, string>; settings: string | undefined } | undefined,
): UpgradeConfig {
  const strategy = { upgrade_strategy: upgradeStrategy(running, version) }
  if (kept === undefined) {
    const digests = { clusterDigest: clusterDigest(wanted, version), settingsDigest: settingsDigest(wanted) }
    return { config: mergeConfig(strategy, wanted.config), digests }
  }
  const { upgrade_strategy: _how, ...config } = withoutDefaults(kept.recorded, kept.defaults)
  return { config: { ...config, ...strategy, ...wanted.config }, digests: digestsKept(wanted, version, kept.settings) }
}

/** Settings that nobody changed are still those that were asked for, whatever the nodes and the version are now. */
function digestsKept(wanted: WantedCluster, version: string, settings: string | undefined): UpgradeConfig['digests'] {
  const isUnchanged = settings !== undefined && Object.keys(wanted.config).length === 0
  if (!isUnchanged) return { clusterDigest: '', settingsDigest: undefined }
  return { clusterDigest: clusterDigest(wanted, version, settings), settingsDigest: settings }
}

/** A disruption budget may hold a drain until a replica of the node before is ready again, and Rancher starts slowly. */
export const DRAIN_S = 600

/**
 * One node at a time. Drained when the minor version changes: "Before performing an in-place minor version kubelet
 * upgrade, drain pods from that node. In-place minor version kubelet upgrades are not supported"
 * (https://kubernetes.io/releases/version-skew-policy/). A patch, or a setting, restarts no pod, and a drain would take
 * a replica of Rancher away for nothing.
 *
 * `force`: a pod without a controller (a shell opened in Rancher, a Helm operation) would else end the drain, and with it
 * rke, half-way. `node_drain_input` always stands: without it rke 1.8.5 panics (cluster/defaults.go).
 */
export function upgradeStrategy(running: string, version: string): Config {
  return {
    max_unavailable_controlplane: '1',
    max_unavailable_worker: '1',
    drain: minorOf(running) !== minorOf(version),
    node_drain_input: {
      force: true,
      ignore_daemonsets: true,
      delete_local_data: true,
      grace_period: -1,
      timeout: DRAIN_S,
    },
  }
}

/** Images that rke chose itself belong to the version that runs; those somebody else chose stay. */
function withoutDefaults(recorded: Config, defaults: Record<string, string>): Config {
  const { system_images: images, services, ...rest } = recorded
  const kept = { ...rest, ...(isConfig(services) && { services: withoutImages(services) }) }
  if (!isConfig(images)) return kept
  const chosen = Object.entries(images).filter(([key, image]) => image !== '' && image !== defaults[key])
  return chosen.length === 0 ? kept : { ...kept, system_images: Object.fromEntries(chosen) }
}

/** rke writes into each service which of the system images it was started from. */
function withoutImages(services: Config): Config {
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      if (!isConfig(service)) return [name, service]
      const { image: _image, infra_container_image: _pause, ...rest } = service
      return [name, rest]
    }),
  )
}
