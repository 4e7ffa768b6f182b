import type { Replacement } from '../infrastructure/infrastructure.ts'
import type { WantedCluster } from '../kubernetes/distribution.ts'
import type { Node } from '../node.ts'
import type { UpgradeRun } from '../run.ts'
import type { UpgradeSettings } from '../settings.ts'
import { LATEST_PATCH } from '../versions/resolve.ts'
import { bare } from '../versions/version.ts'
import { lastingBalancer, registries, type Seen, wantedNodes } from './seen.ts'
import type { Stack } from './stack.ts'
import { pathOf, runningOf, type UpgradePath } from './upgrade-path.ts'
import { imagesFor } from './want.ts'

/** What is asked of a stack that stands, made exact. Holds secrets: never printed. */
export type WantedUpgrade = {
  hostname: string
  cluster: WantedCluster
  path: UpgradePath
  /** Nodes that give way to new machines, in their order. */
  replacements: Replacement[]
}

/**
 * What is asked, made exact by what stands and by what can be had: only those who offer something that is asked for are
 * reached.
 *
 * @throws StackError when one of them does not answer
 */
export async function wantUpgrade(run: UpgradeRun, stack: Stack, seen: Seen): Promise<WantedUpgrade> {
  const { settings, signal, clock } = run
  const { infrastructure, distribution, rancher } = stack
  const isUnfinished = distribution.isUnfinished(seen.cluster)
  const asked = {
    kubernetes: settings.kubernetesVersion,
    rancher: settings.rancher.version,
    'cert-manager': settings.rancher.certManagerVersion,
  }
  const running = runningOf(seen)
  const [kubernetes, rancherCharts, certManagerCharts, images] = await Promise.all([
    isUnfinished || asked.kubernetes !== undefined ? distribution.offers(signal) : [],
    isMore(asked.rancher, running.rancher) ? rancher.offers('rancher', signal) : [],
    isMore(asked['cert-manager'], running['cert-manager']) ? rancher.offers('cert-manager', signal) : [],
    imagesFor(stack, seen.rancher.release?.values),
  ])
  const cluster = wantedCluster(settings, seen, images, nodesOf(stack, seen))
  const replacements = infrastructure.planReplace?.(seen.infrastructure) ?? []
  const isJoining = replacements.some(({ state }) => state !== 'to-come')
  const path = pathOf(seen, {
    asked,
    offered: { kubernetes, rancher: rancherCharts, 'cert-manager': certManagerCharts },
    // What a replacement left half-done is finished by going on with it.
    isUnfinished: isUnfinished && !isJoining,
    isBegun: isUnfinished || distribution.upgrading(seen.cluster) !== undefined,
    differs: { cluster: distribution.differs(seen.cluster, cluster), values: rancher.changesValues(seen.rancher) },
    now: new Date(clock.now()),
  })
  return { hostname: cluster.hostname, cluster: { ...cluster, version: path.target.kubernetes }, path, replacements }
}

/** Whether more is asked than what runs. */
function isMore(asked: string | undefined, running: string | undefined): boolean {
  if (asked === undefined || running === undefined) return false
  return asked === LATEST_PATCH || bare(asked) !== bare(running)
}

/** The nodes are those that stand; an upgrade that lost a machine on its way makes it anew. */
function nodesOf({ distribution }: Stack, { infrastructure, cluster }: Seen): Node[] {
  const isOnItsWay = distribution.upgrading(cluster) !== undefined
  const count = isOnItsWay ? distribution.recordedMembers(cluster).length : 0
  const standing = infrastructure.nodes.length - (infrastructure.surplus ?? []).length
  return wantedNodes(infrastructure, Math.max(count, standing))
}

/** What is not asked of the cluster stays as it is. */
function wantedCluster(
  settings: UpgradeSettings,
  { infrastructure, cluster }: Seen,
  images: WantedCluster['images'],
  nodes: Node[],
): WantedCluster {
  return {
    stack: settings.stack.name,
    hostname: settings.hostname ?? cluster.asked?.hostname ?? infrastructure.memory.hostname ?? '',
    nodes,
    version: settings.kubernetesVersion,
    config: { ...registries(settings), ...settings.rkeConfig },
    loadBalancer: lastingBalancer(infrastructure),
    images,
    givenState: undefined,
    newCluster: false,
    rememberedUid: infrastructure.memory.clusterUid,
  }
}
