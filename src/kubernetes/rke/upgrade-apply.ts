import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Change } from '../../steps.ts'
import type { Asked, Former, WantedCluster } from '../distribution.ts'
import { askApi } from './api-facts.ts'
import { renderClusterYml } from './cluster-yml.ts'
import { configFor, neededState, type UpgradeWork } from './configure-upgrade.ts'
import { inspectCluster } from './inspect.ts'
import { leaveCluster } from './leave.ts'
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
  }
}

async function upgradeCluster(version: string, work: UpgradeWork): Promise<void> {
  const obtained = await neededState(work)
  await bringTo(version, await configFor(version, obtained, work), obtained, work)
}

/** Puts the planes back to the version and settings a state recorded; etcd's data stays as it is. */
export async function goBackTo({ state, asked }: Former, work: UpgradeWork): Promise<void> {
  const obtained = await neededState(work)
  const { config, version } = recordedIn(state)
  const { version: running } = recordedIn(obtained.text)
  const strategy = upgradeStrategy(obtained.found?.asked?.kubernetesVersion ?? running, version)
  const how = { ...config, upgrade_strategy: strategy }
  await bringTo(version, { config: how, digest: asked?.clusterDigest ?? '' }, obtained, work)
}

/** The state ahead of the change, the members that cannot come back out, rke watched, and the proof. */
async function bringTo(
  version: string,
  { config, digest }: UpgradeConfig,
  obtained: Obtained,
  work: UpgradeWork,
): Promise<void> {
  const { tools, hosts, wanted, signal, openApi } = work
  const asked = obtained.found?.asked
  const target: WantedCluster = { ...wanted, config }
  const ahead = await mintState(tools, target, version, obtained.text, signal)
  await write(ahead, 'pending', asked, obtained, work)

  const facts = await inspectCluster(hosts, wanted.stack)
  const leaves = leavingMembers(facts, wanted.nodes)
  const joins = joiningNodes(facts, wanted.nodes)
  for (const leaving of leaves) await leaveCluster(leaving, hosts, openApi, signal)
  const strangers = new Set([...joins, ...leaves.map(({ node }) => node)])
  const before = forgetNodes(ahead, (name) => strangers.has(name))

  let after = ahead
  try {
    await whileWatched(
      hosts,
      async (stop) =>
        await callRke(
          tools,
          hosts,
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
    await keepFailed(after, asked, work)
    throw error
  }
  await provePlanes(hosts, wanted, version, signal)
  const { facts: api } = await askApi(hosts.reached)
  const hostname = asked?.hostname ?? wanted.hostname
  const { rancherVersion, helmValues } = asked ?? { rancherVersion: undefined, helmValues: undefined }
  const done = { hostname, kubernetesVersion: version, clusterDigest: digest, rancherVersion, helmValues }
  await write(after, 'done', done, await neededState(work), work, api?.uid)
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
