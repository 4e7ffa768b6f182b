import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Change } from '../../steps.ts'
import type { Asked, ClusterFacts, Former, WantedCluster } from '../distribution.ts'
import { askApi } from './api-facts.ts'
import { renderClusterYml } from './cluster-yml.ts'
import { configFor, neededState, type UpgradeWork } from './configure-upgrade.ts'
import { drainNode } from './drain-node.ts'
import { own } from './facts.ts'
import { inspectCluster } from './inspect.ts'
import { forgetNode, leaveCluster } from './leave.ts'
import { archivesFor, loadEverywhere } from './load-images.ts'
import { joiningNodes, leavingMembers } from './members.ts'
import type { Obtained } from './obtain-state.ts'
import { provePlanes } from './prove-planes.ts'
import { recordedIn } from './recorded-call.ts'
import { rotateCertificates } from './rotate-certificates.ts'
import { forgetNodes, withWay } from './state-file.ts'
import { writeState } from './state-store.ts'
import { type UpgradeConfig, upgradeStrategy } from './upgrade-config.ts'
import { bringImages } from './upgrade-images.ts'
import { whileWatched } from './watch-upgrade.ts'
import { callRke, mintState } from './work-folder.ts'

/** What an upgrade tells this distribution to do. */
export type UpgradeChange = Change &
  (
    | { kind: 'rotate-certificates' }
    | { kind: 'upgrade-images'; node: string; version: string }
    | { kind: 'upgrade-cluster'; version: string }
    | { kind: 'drain-node'; node: string }
    /** The node leaves, though its machine is well; those wanted stay. */
    | { kind: 'leave-node'; node: string; version: string }
  )

/** Carries out one change of an upgrade; each may be repeated. */
export async function applyUpgrade(change: UpgradeChange, work: UpgradeWork): Promise<void> {
  switch (change.kind) {
    case 'rotate-certificates':
      return await rotateCertificates(work)
    case 'upgrade-images':
      return await bringImages(hostOf(work.hosts, change.node), change.version, work)
    case 'upgrade-cluster':
      return await upgradeCluster(change.version, work)
    case 'drain-node':
      return await drainNode(work.openApi, change.node, work.signal)
    case 'leave-node':
      return await upgradeCluster(change.version, work, change.node)
  }
}

/** @param leaving a node that is to leave; rke alone would take it out without asking who else is well */
async function upgradeCluster(version: string, work: UpgradeWork, leaving?: string): Promise<void> {
  const obtained = await neededState(work)
  await bringTo(version, await configFor(version, obtained, work), obtained, work, leaving)
}

/** Puts the planes back to the version and settings a state recorded; etcd's data stays as it is. */
export async function goBackTo({ state, asked }: Former, work: UpgradeWork): Promise<void> {
  const obtained = await neededState(work)
  const { config, version } = recordedIn(state)
  const { version: running } = recordedIn(obtained.text)
  const strategy = upgradeStrategy(obtained.found?.asked?.kubernetesVersion ?? running, version)
  const how = { ...config, upgrade_strategy: strategy }
  // A machine that was made since never had them.
  await loadEverywhere(work.hosts, archivesFor(work.wanted.images, version), work.signal)
  const digests = { clusterDigest: asked?.clusterDigest ?? '', settingsDigest: asked?.settingsDigest }
  await bringTo(version, { config: how, digests }, obtained, work)
}

/** The state ahead of the change, the members that cannot come back out, rke watched, and the proof. */
async function bringTo(
  version: string,
  { config, digests }: UpgradeConfig,
  obtained: Obtained,
  work: UpgradeWork,
  leaving?: string,
): Promise<void> {
  const { tools, hosts, wanted, signal, openApi } = work
  const asked = obtained.found?.asked
  const target: WantedCluster = { ...wanted, config }
  const ahead = await mintState(tools, target, version, obtained.text, signal)
  await write(ahead, 'pending', asked, obtained, work)

  const facts = await inspectCluster(hosts, wanted.stack)
  const leaves = leavingMembers(facts, wanted.nodes)
  const joins = joiningNodes(facts, wanted.nodes)
  for (const one of leaves) await leaveCluster(one, hosts, openApi, signal)
  if (leaving !== undefined) await takeOut(leaving, facts, work)
  const staying: UpgradeWork = { ...work, hosts: without([leaving], hosts) }
  const strangers = new Set([...joins, ...leaves.map(({ node }) => node), leaving])
  const before = forgetNodes(ahead, (name) => strangers.has(name))

  let after = ahead
  try {
    await whileWatched(
      // Who is only coming is not well all the while.
      without(joins, staying.hosts),
      async (stop) =>
        await callRke(
          tools,
          staying.hosts,
          {
            args: ['up'],
            render: (way) => renderClusterYml(target, version, way),
            state: (way) => withWay(before, way),
            onState: (state) => {
              after = state
            },
          },
          stop,
        ),
      { log: tools.log, signal },
    )
  } catch (error) {
    await keepFailed(after, asked, staying)
    throw error
  }
  await provePlanes(staying.hosts, wanted, version, signal)
  const { facts: api } = await askApi(staying.hosts.reached)
  const hostname = asked?.hostname ?? wanted.hostname
  const { rancherVersion, helmValues } = asked ?? { rancherVersion: undefined, helmValues: undefined }
  const done = { hostname, kubernetesVersion: version, ...digests, rancherVersion, helmValues }
  await write(after, 'done', done, await neededState(staying), staying, api?.uid)
}

/** Out of etcd by its id, as long as it is a member; and what a killed run left of it. */
async function takeOut(node: string, facts: ClusterFacts, { hosts, openApi, signal }: UpgradeWork): Promise<void> {
  const member = own(facts).members.find(({ name }) => name === node)
  if (member === undefined) return await forgetNode(node, hosts, openApi)
  await leaveCluster({ node, memberId: member.id }, hosts, openApi, signal)
}

function without(names: (string | undefined)[], hosts: Hosts): Hosts {
  const reached = hosts.reached.filter(({ node }) => !names.includes(node.name))
  const unreached = hosts.unreached.filter(({ node }) => !names.includes(node.name))
  return { ...hosts, reached, unreached, get: (name) => reached.find(({ node }) => node.name === name) }
}

/** What rke recorded before it failed is worth keeping, but not over the reason it failed; nor without the lease. */
async function keepFailed(after: string, asked: Asked | undefined, work: UpgradeWork): Promise<void> {
  if (work.signal.aborted) return
  try {
    await write(after, 'pending', asked, await neededState(work), work)
  } catch (failure) {
    work.tools.log(`warning: the state could not be kept: ${(failure as Error).message}`)
  }
}

async function write(
  text: string,
  phase: 'pending' | 'done',
  asked: Asked | undefined,
  { found }: Obtained,
  { hosts, wanted, lease }: UpgradeWork,
  uid?: string,
): Promise<void> {
  const generation = Math.max(lease.generation, (found?.generation ?? 0) + 1)
  const record = { phase, asked, clusterUid: uid ?? found?.clusterUid, upgrading: found?.upgrading }
  await writeState(wanted.stack, text, generation, record, hosts, lease)
}

function hostOf(hosts: Hosts, name: string): Host {
  const host = hosts.get(name)
  if (host !== undefined) return host
  throw new StackError('ssh', `${name}: no connection`, {
    stands: 'It was left as it is.',
    next: 'Make the node answer and run mode upgrade again.',
  })
}
