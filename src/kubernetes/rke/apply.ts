import { StackError } from '../../errors.ts'
import type { Host, Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { Asked, WantedCluster } from '../distribution.ts'
import { askApi } from './api-facts.ts'
import { cleanNode, clearListeners } from './clean-node.ts'
import { clusterDigest, settingsDigest } from './cluster-yml.ts'
import { leaveCluster } from './leave.ts'
import { loadMissing, planeArchives, workloadArchives } from './load-images.ts'
import { type Obtained, obtainState } from './obtain-state.ts'
import { openClusterApi } from './open-api.ts'
import type { RkeChange } from './plan.ts'
import { proveCluster } from './prove.ts'
import { accountsOf, planeImages, pullImages } from './pull-images.ts'
import { sha256 } from './state.ts'
import { forgetNodes } from './state-file.ts'
import { writeState } from './state-store.ts'
import { mintState, type RkeTools, runUp } from './work-folder.ts'

type Work = { tools: RkeTools; hosts: Hosts; wanted: WantedCluster; lease: Lease; signal: AbortSignal }

/** Carries out one change of the plan; each may be repeated. */
export async function applyChange(change: RkeChange, work: Work): Promise<void> {
  const { hosts, signal } = work
  switch (change.kind) {
    case 'load-images':
      return await loadMissing(hostOf(hosts, change.node), planeArchives(work.wanted.images, change.version), signal)
    case 'load-workload-images':
      return await loadMissing(hostOf(hosts, change.node), workloadArchives(work.wanted.images), signal)
    case 'pull-images':
      return await pullPlane(hostOf(hosts, change.node), change.version, work)
    case 'pull-workload-images':
      return await pullAhead(hostOf(hosts, change.node), change.images, work)
    case 'clear-leftovers':
      return await clearListeners(hostOf(hosts, change.node))
    case 'clean-node':
      return await clearFormerCluster(hostOf(hosts, change.node), work)
    case 'write-state-ahead':
      return await writeAhead(change.version, work)
    case 'leave-member':
      return await leaveCluster(
        change,
        hosts,
        () => openClusterApi(hosts, work.wanted.stack, work.tools.folder),
        signal,
      )
    case 'cluster-up':
      return await up(change, work)
    case 'prove-cluster':
      return void (await proveCluster(hosts, work.wanted, change.version, 210_000, signal))
    case 'keep-state':
      return await keepState(change.version, work)
  }
}

async function pullPlane(host: Host, version: string, work: Work): Promise<void> {
  // A state nobody keeps: only the names of images are read from it.
  const state = await mintState(work.tools, work.wanted, version, undefined, work.signal)
  await pullAhead(host, planeImages(state), work)
}

/** What cannot be pulled now is told and left to who needs it, whose error is the one that counts. */
async function pullAhead(host: Host, images: string[], { tools, wanted, signal }: Work): Promise<void> {
  const failed = await pullImages(host, images, accountsOf(wanted), signal)
  if (failed.length > 0) tools.log(`warning: ${host.node.name} could not pull ${failed.join(', ')} ahead`)
}

async function clearFormerCluster(host: Host, { wanted }: Work): Promise<void> {
  await cleanNode(host)
  await host.run(
    `find /var/lib/rancher-ha/${wanted.stack} -name 'stack.json' -delete -o -name 'cluster-*.rkestate' -delete`,
    { sudo: true },
  )
}

/** Makes state and certificates for what is wanted and writes them to every node, before rke is let near one. */
async function writeAhead(version: string, work: Work): Promise<void> {
  const { tools, hosts, wanted, signal } = work
  const obtained = await obtainState(hosts, wanted.stack, wanted.givenState)
  const text = await mintState(tools, wanted, version, obtained?.text, signal)
  await write(text, 'pending', obtained?.found?.asked ?? asks(wanted, version, undefined), obtained, undefined, work)
}

async function up(change: RkeChange & { kind: 'cluster-up' }, work: Work): Promise<void> {
  const { tools, hosts, wanted, signal } = work
  const obtained = await obtainState(hosts, wanted.stack, wanted.givenState)
  if (obtained === undefined) throw new StackError('bug', 'rke was to run before its state was written ahead')
  const strangers = new Set([...change.joins, ...change.leaves])
  const before = forgetNodes(obtained.text, (name) => strangers.has(name))
  let after = obtained.text
  try {
    await runUp(tools, hosts, wanted, change.version, before, signal, (state) => {
      after = state
    })
  } catch (error) {
    // What rke recorded before it failed is worth keeping, but not over the reason it failed; nor without the lease.
    if (!signal.aborted && sha256(after) !== sha256(obtained.text)) {
      await write(after, 'pending', obtained.found?.asked, obtained, undefined, work).catch((failure: Error) =>
        tools.log(`warning: the state could not be kept: ${failure.message}`),
      )
    }
    throw error
  }
  const { facts } = await askApi(hosts.reached)
  await write(after, 'done', asks(wanted, change.version, obtained.found?.asked), obtained, facts?.uid, work)
}

/** Puts the cluster's state, wherever it was found, on every node; starts and stops nothing. */
async function keepState(version: string, work: Work): Promise<void> {
  const { hosts, wanted } = work
  const obtained = await obtainState(hosts, wanted.stack, wanted.givenState)
  if (obtained === undefined) throw new StackError('bug', 'there is no state to keep')
  const { facts } = await askApi(hosts.reached)
  await write(obtained.text, 'done', asks(wanted, version, obtained.found?.asked), obtained, facts?.uid, work)
}

async function write(
  text: string,
  phase: 'pending' | 'done',
  asked: Asked | undefined,
  { found }: Obtained | { found: undefined } = { found: undefined },
  uid: string | undefined,
  { hosts, wanted, lease }: Work,
): Promise<void> {
  const generation = Math.max(lease.generation, (found?.generation ?? 0) + 1)
  const record = { phase, asked, clusterUid: uid ?? found?.clusterUid, upgrading: found?.upgrading }
  await writeState(wanted.stack, text, generation, record, hosts, lease)
}

/** What is asked of the cluster now; what was asked of Rancher stays as it was. */
function asks(wanted: WantedCluster, version: string, before: Asked | undefined): Asked {
  return {
    hostname: wanted.hostname,
    kubernetesVersion: version,
    clusterDigest: clusterDigest(wanted, version),
    settingsDigest: settingsDigest(wanted),
    rancherVersion: before?.rancherVersion,
    helmValues: before?.helmValues,
  }
}

function hostOf(hosts: Hosts, name: string): Host {
  const host = hosts.get(name)
  if (host !== undefined) return host
  throw new StackError('ssh', `${name}: no connection`, {
    stands: 'It was left as it is.',
    next: 'Make the node answer and run again.',
  })
}
