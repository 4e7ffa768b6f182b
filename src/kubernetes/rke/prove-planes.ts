import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import type { NodeProgress, WantedCluster } from '../distribution.ts'
import { readProgress } from './progress.ts'
import { proveCluster } from './prove.ts'
import { kubeletVersion } from './versions.ts'

const CLUSTER_MS = 210_000
const PLANES_MS = 60_000

/**
 * Waits until each node is what was asked for by its own word: every etcd member, every Lease renewed since its kubelet
 * was started, every kubelet in the version, and every node's own API server. A cluster that was never rolled is healthy
 * too, so the version is asked for.
 *
 * @throws StackError of kind `kubernetes` that names the nodes
 */
export async function provePlanes(
  hosts: Hosts,
  wanted: Pick<WantedCluster, 'nodes'>,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  await proveCluster(hosts, wanted, version, CLUSTER_MS, signal)
  const endsAt = Date.now() + PLANES_MS
  for (;;) {
    signal.throwIfAborted()
    const problems = planeProblems(await readProgress(hosts), wanted, version)
    if (problems.length === 0) return
    if (Date.now() > endsAt) throw otherVersions(problems)
    await sleep(2_000, undefined, { signal })
  }
}

/** What is not in the version, or not well, a line a finding. Pure. */
export function planeProblems(
  progress: NodeProgress[],
  { nodes }: Pick<WantedCluster, 'nodes'>,
  version: string,
): string[] {
  const expected = kubeletVersion(version)
  return nodes
    .map(({ name }) => name)
    .toSorted()
    .flatMap((name) => {
      const node = progress.find((one) => one.node === name)
      if (node === undefined) return [`${name}: does not answer`]
      return [
        ...node.red.map((why) => `${name}: ${why}`),
        ...(node.kubelet === expected
          ? []
          : [`${name}: expected kubelet ${expected}, got ${node.kubelet ?? 'no answer'}`]),
        ...(node.apiServer === expected
          ? []
          : [`${name}: expected API server ${expected}, got ${node.apiServer ?? 'no answer'}`]),
      ]
    })
}

function otherVersions(problems: string[]): StackError {
  return new StackError('kubernetes', problems.join('\n'), {
    stands: 'What rke built stands, and its state is kept on the nodes.',
    next: 'Run mode upgrade again: it goes on from what stands.',
    retry: true,
  })
}
