import { StackError } from '../../errors.ts'
import type { RunId, StackId } from '../../node.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { Distribution, WantedCluster } from '../distribution.ts'
import { applyChange } from './apply.ts'
import { cleanNode } from './clean-node.ts'
import type { UpgradeWork } from './configure-upgrade.ts'
import { formerOf } from './configure-upgrade.ts'
import { askEtcd } from './etcd.ts'
import { inspectCluster } from './inspect.ts'
import { keepAsked } from './keep-asked.ts'
import { fetchPoint, keepUpgrading } from './keep-upgrading.ts'
import { listVersions } from './list-versions.ts'
import { loadEverywhere, workloadArchives } from './load-images.ts'
import { openClusterApi } from './open-api.ts'
import { differs, planCluster, type RkeChange } from './plan.ts'
import { readProgress } from './progress.ts'
import { refuseCluster } from './refuse.ts'
import { refuseRestore, refuseRoom } from './refuse-restore.ts'
import { isUnfinished, refuseUpgrade } from './refuse-upgrade.ts'
import { applyRestore, fetchRestoring, putSnapshot } from './restore-apply.ts'
import { planRestore, type RestoreChange } from './restore-plan.ts'
import { saveSurvivor } from './save-survivor.ts'
import { keepSigner, readSigner } from './signer-store.ts'
import { pruneOn } from './snapshots-on-node.ts'
import { stackFolder } from './state-store.ts'
import { recordedMembersOf, restoringOf, survivorsOf, upgradingOf } from './survivors.ts'
import { takeSnapshot } from './take-snapshot.ts'
import { applyUpgrade, goBackTo, type UpgradeChange } from './upgrade-apply.ts'

export type RkeOptions = {
  stack: StackId
  run: RunId
  /** Path of the verified binary; asked for only when rke is run. */
  rkeBinary: () => Promise<string>
  /** Private key files the nodes may accept, in order; asked for only when rke is run. */
  keyFiles: () => Promise<string[]>
  /** The run's private folder (mode 0700). */
  folder: string
  log: (line: string) => void
}

/** Kubernetes by rke 1.8: every node etcd, control plane and worker, each component a container of the node's Docker. */
export function createRke({ stack: { name: stack }, rkeBinary, keyFiles, folder, log }: RkeOptions): Distribution {
  const tools = { binary: rkeBinary, keyFiles, folder, log }
  const upgradeWork = (hosts: Hosts, wanted: WantedCluster, lease: Lease, signal: AbortSignal): UpgradeWork => ({
    tools,
    hosts,
    wanted,
    openApi: () => openClusterApi(hosts, stack, folder),
    lease,
    signal: AbortSignal.any([signal, lease.lost]),
  })
  return {
    name: 'rke',
    inspect: async (hosts) => await inspectCluster(hosts, stack),
    askEtcd: async ({ reached }) => (await Promise.all(reached.map(askEtcd))).map(({ member }) => member),
    refuse: refuseCluster,
    plan: planCluster,
    apply: async (change, hosts, wanted, lease, signal) =>
      await applyChange(change as RkeChange, {
        tools,
        hosts,
        wanted,
        lease,
        signal: AbortSignal.any([signal, lease.lost]),
      }),
    openApi: async (hosts) => await openClusterApi(hosts, stack, folder),
    keepAsked: async (asked, hosts, lease) => await keepAsked(stack, asked, hosts, lease),
    removeFrom: async (hosts, _lease) => await removeFrom(hosts, stack),

    refuseSnapshot: async (hosts) => await refuseRoom(hosts, folder),
    takeSnapshot: async (call, hosts, lease, signal) =>
      await takeSnapshot({ tools, stack, call, hosts, signal: AbortSignal.any([signal, lease.lost]) }),
    saveSurvivor: async (call, hosts, lease, signal) =>
      await saveSurvivor({ tools, stack, call, hosts, signal: AbortSignal.any([signal, lease.lost]) }),
    async pruneSnapshots(hosts, _lease) {
      const removed = await Promise.all(hosts.reached.map(pruneOn))
      return [...new Set(removed.flat())].toSorted()
    },
    readSigner: async (hosts) => await readSigner(hosts, stack),
    keepSigner: async (pem, hosts, lease) => await keepSigner(pem, hosts, stack, lease),

    applyUpgrade: async (change, hosts, wanted, lease, signal) =>
      await applyUpgrade(change as UpgradeChange, upgradeWork(hosts, wanted, lease, signal)),
    loadImages: async (hosts, { images }, lease, signal) => {
      await loadEverywhere(hosts, workloadArchives(images), AbortSignal.any([signal, lease.lost]))
    },
    progress: readProgress,
    formerOf: async (version, hosts) => await formerOf(version, hosts, stack),
    goBackTo: async (former, hosts, wanted, lease, signal) =>
      await goBackTo(former, upgradeWork(hosts, wanted, lease, signal)),
    upgrading: upgradingOf,
    spreadSnapshot: async ({ name: snapshot, sha256, file }, hosts, lease, signal) => {
      const stop = AbortSignal.any([signal, lease.lost])
      await Promise.all(hosts.reached.map((host) => putSnapshot(host, { snapshot, sha256, file }, stop)))
    },
    keepUpgrading: async (upgrading, hosts, lease) => await keepUpgrading(stack, upgrading, hosts, lease),
    fetchPoint: async (upgrading, hosts, signal) => await fetchPoint(upgrading, { hosts, folder, signal }),
    offers: async (signal) => await listVersions(await rkeBinary(), folder, signal),
    refuseUpgrade,
    isUnfinished,
    differs,

    survivors: survivorsOf,
    restoring: restoringOf,
    recordedMembers: recordedMembersOf,
    fetchRestoring: async (restoring, hosts, signal) =>
      await fetchRestoring(restoring, { hosts, stack, tools, signal }),
    refuseRestore,
    planRestore,
    applyRestore: async (change, hosts, wanted, lease, signal) =>
      await applyRestore(change as RestoreChange, {
        tools,
        hosts,
        wanted,
        openApi: () => openClusterApi(hosts, stack, folder),
        lease,
        signal: AbortSignal.any([signal, lease.lost]),
      }),
  }
}

/** Every node is tried; those that could not be cleaned are named together. @throws StackError of kind `kubernetes` */
async function removeFrom(hosts: Hosts, stack: string): Promise<void> {
  const removeOne = async (host: Host) => {
    await cleanNode(host)
    await host.run(`rm -rf ${stackFolder(stack)} && rmdir --ignore-fail-on-non-empty /var/lib/rancher-ha`, {
      sudo: true,
    })
  }
  const results = await Promise.allSettled(hosts.reached.map(removeOne))
  const failed = results.flatMap((result, at) =>
    result.status === 'rejected' ? [`${hosts.reached[at]?.node.name}: ${(result.reason as Error).message}`] : [],
  )
  if (failed.length === 0) return
  throw new StackError('kubernetes', failed.join('\n'), {
    stands: 'The other nodes are clean.',
    next: 'Run mode destroy again.',
    retry: true,
  })
}
