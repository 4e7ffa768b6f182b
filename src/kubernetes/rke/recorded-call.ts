import { StackError } from '../../errors.ts'
import type { Node } from '../../node.ts'
import { type Config, isConfig, nodesConfig, renderConfig } from './cluster-yml.ts'
import { recordedConfig } from './recorded-config.ts'
import { parseState } from './state-file.ts'
import type { Call } from './work-folder.ts'

/** The cluster as its state recorded it. */
export type Recorded = {
  /** cluster.yml's own names; nodes and version left out. */
  config: Config
  /** `rkeConfig` as the state has it. */
  raw: Config
  version: string
  /** The nodes that are etcd members. */
  members: { name: string; privateAddress: string }[]
}

/** @throws StackError of kind `snapshot` when the state is one of a cluster that was never made */
export function recordedIn(stateText: string): Recorded {
  const { currentState, desiredState } = parseState(stateText, "the cluster's state")
  const raw = currentState.rkeConfig ?? desiredState.rkeConfig
  if (raw?.kubernetesVersion === undefined || raw.nodes === undefined) {
    throw new StackError('snapshot', "the cluster's state names no nodes and no version", {
      next: 'Take the state of another node, or another snapshot.',
    })
  }
  const members = raw.nodes
    .filter(({ role }) => role === undefined || role.includes('etcd'))
    .map(({ hostnameOverride, address, internalAddress }) => ({
      name: hostnameOverride ?? address,
      privateAddress: internalAddress ?? address,
    }))
  return { config: recordedConfig(raw), raw, version: raw.kubernetesVersion, members }
}

/**
 * A call of rke on a cluster as it was recorded, with these machines for its nodes.
 *
 * @param sans further names its API server's certificate is to hold
 */
export function recordedCall(
  args: string[],
  { stack, nodes, sans = [] }: { stack: string; nodes: Node[]; sans?: string[] },
  state: string,
): Call {
  const { config, version } = recordedIn(state)
  const authentication = isConfig(config['authentication']) ? config['authentication'] : {}
  const before = Array.isArray(authentication['sans']) ? (authentication['sans'] as string[]) : []
  const whole = {
    ...config,
    cluster_name: stack,
    kubernetes_version: version,
    nodes: nodesConfig(nodes),
    authentication: { ...authentication, sans: [...new Set([...before, ...sans])] },
  }
  return { args, render: (way) => renderConfig(whole, nodes, way), state: () => state }
}
