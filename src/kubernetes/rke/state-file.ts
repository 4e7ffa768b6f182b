import { StackError } from '../../errors.ts'
import type { Way } from './cluster-yml.ts'
import { fingerprint } from './state.ts'

/** One certificate of rke's bundle. */
export type BundleEntry = { certificatePEM: string; keyPEM: string }

/** The part of cluster.rkestate this project reads (rke 1.8.5, cluster/state.go). Everything else in it is kept as it is. */
type Half = {
  rkeConfig?: Record<string, unknown> & {
    nodes?: { hostnameOverride?: string; address: string; internalAddress?: string; role?: string[] }[]
    kubernetesVersion?: string
  }
  certificatesBundle?: Record<string, BundleEntry>
}
export type RkeState = { desiredState: Half; currentState: Half }

/** @throws StackError of kind `input` when the text is no state of rke; its content is never in the message. */
export function parseState(text: string, where: string): RkeState {
  let state: Partial<RkeState> | undefined
  try {
    state = JSON.parse(text) as Partial<RkeState>
  } catch {
    state = undefined
  }
  if (typeof state?.desiredState?.certificatesBundle?.['kube-ca']?.certificatePEM === 'string') {
    return { ...state, desiredState: state.desiredState, currentState: state.currentState ?? {} }
  }
  throw new StackError('input', `${where}: expected a cluster.rkestate with a CA, got something else`, {
    next: 'Give the content of the cluster.rkestate that rke wrote beside its cluster.yml.',
  })
}

/** Fingerprint of the cluster's CA. */
export function stateCa(state: RkeState): string {
  return fingerprint(entry(state, 'kube-ca').certificatePEM)
}

/** The newest certificate of that name: of what runs, else of what is to run. */
export function entry(state: RkeState, name: string): BundleEntry {
  const found = state.currentState.certificatesBundle?.[name] ?? state.desiredState.certificatesBundle?.[name]
  if (found === undefined) throw new StackError('kubernetes', `cluster.rkestate has no certificate ${name}`)
  return found
}

/** The configuration that runs, without credentials; undefined before the first `rke up` ended. */
export function runningConfig(state: RkeState): Record<string, unknown> | undefined {
  if (state.currentState.rkeConfig === undefined) return undefined
  const {
    privateRegistries: _registries,
    bastionHost: _bastion,
    sshKeyPath: _key,
    ...config
  } = state.currentState.rkeConfig
  return config
}

/**
 * The state as if these nodes had never been members, so that rke joins them as new ones: it compares addresses
 * with `currentState` and starts etcd as a member of an existing cluster only on those it does not find there
 * (rke 1.8.5, cluster/reconcile.go). Returned unchanged when there is nothing to forget.
 */
export function forgetNodes(text: string, isForgotten: (name: string, address: string) => boolean): string {
  const state = JSON.parse(text) as RkeState
  const nodes = state.currentState?.rkeConfig?.nodes
  if (nodes === undefined) return text
  const kept = nodes.filter((node) => !isForgotten(node.hostnameOverride ?? node.address, node.address))
  if (kept.length === nodes.length) return text
  return JSON.stringify({
    ...state,
    currentState: { ...state.currentState, rkeConfig: { ...state.currentState.rkeConfig, nodes: kept } },
  })
}

/**
 * The state with this run's way to the nodes in the configuration that runs: rke dials by it when it compares what
 * runs with what is wanted (rke 1.8.5, cluster/state.go GetClusterState), and the port and key of the run before
 * are gone. Returned unchanged before the first `rke up` ended.
 */
export function withWay(text: string, { bastion, keyFile }: Way): string {
  const state = JSON.parse(text) as RkeState
  const config = state.currentState?.rkeConfig
  if (config === undefined) return text
  const rkeConfig = {
    ...config,
    sshKeyPath: keyFile,
    bastionHost: { address: '127.0.0.1', port: String(bastion.port), user: bastion.user, sshKeyPath: keyFile },
    ...(config.nodes !== undefined && { nodes: config.nodes.map((node) => ({ ...node, sshKeyPath: keyFile })) }),
  }
  return JSON.stringify({ ...state, currentState: { ...state.currentState, rkeConfig } })
}
