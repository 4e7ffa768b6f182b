import { asStackError } from '../errors.ts'
import type { FetchedSnapshot, NodeProgress } from '../kubernetes/distribution.ts'
import type { UpgradeRun } from '../run.ts'
import { readEtcdSnapshot } from '../snapshots/etcd-snapshot.ts'
import type { Written, writtenSince } from '../snapshots/written-since.ts'
import { minorOf } from '../versions/version.ts'
import type { GoingBack } from './going-back.ts'
import { GIVEN_UP, signerOf } from './last-snapshot.ts'
import type { askStack } from './prove.ts'
import type { Seen } from './seen.ts'
import { snapshotSource } from './snapshot-source.ts'
import type { Evidence } from './way-back.ts'

const LOOK_MS = 20_000

/** What can be seen at once: machines, pods, sentences. Nothing is changed. */
export async function lookAround(
  run: UpgradeRun,
  { stack, wanted, broken, failed, upgrading, tried }: GoingBack,
  seen: Seen,
  ask: typeof askStack,
): Promise<Evidence> {
  const { settings, clock } = run
  const { leg, by, before } = failed
  const nodeCount = seen.infrastructure.nodes.length
  const [rows, told, everReady] = await Promise.all([
    ask(run, stack, seen, { nodeCount, deadlineMs: LOOK_MS }),
    stack.distribution.progress(stack.hosts),
    wasEverReady(stack, wanted.hostname, before.template),
  ])
  const nodes = everyNode(told, wanted.cluster.nodes)
  const revisions = leg.kind === 'cert-manager' ? before.certManager : before.rancher
  return {
    leg: leg.kind,
    onFailure: settings.onFailure,
    touched: isTouched(seen, { ...failed, nodes }),
    brokenBefore: broken,
    brokenNow: rows.filter(({ ok }) => !ok).map(({ id }) => id),
    stepFailed: by === 'change',
    nodes,
    everReady,
    canRollBack: revisions.deployed !== undefined,
    etcdIsNewer: nodes.some(({ etcd }) => isNewer(etcd, upgrading?.versions.etcd)),
    legRevision: before.revision,
    written: undefined,
    point: upgrading && { takenAt: new Date(upgrading.point.takenAt), isOurs: true },
    secondKept: false,
    now: new Date(clock.now()),
    restoreWindowMs: settings.restoreWindowMs,
    tried: [...tried],
  }
}

/** A machine that does not even run is asked by nobody, and is a node all the same. */
function everyNode(told: NodeProgress[], wanted: { name: string }[]): NodeProgress[] {
  const silent = wanted.filter(({ name }) => !told.some(({ node }) => node === name))
  const unknown = { reached: false, kubelet: undefined, apiServer: undefined, etcd: undefined, red: ['does not run'] }
  return [...told, ...silent.map(({ name }) => ({ node: name, ...unknown }))]
}

/** Nobody can say that it never was where nobody can be asked. */
async function wasEverReady(
  { rancherAt, api }: GoingBack['stack'],
  hostname: string,
  former: string | undefined,
): Promise<boolean> {
  try {
    const { newest, template } = await rancherAt(hostname).rollOut(await api())
    // No pod was made anew: those of before say nothing of the new Rancher.
    if (template !== undefined && template === former) return false
    return newest.some((pod) => pod.everReady)
  } catch {
    return true
  }
}

type Told = GoingBack['failed'] & Pick<Evidence, 'nodes'>

/** Whether the leg had begun to change what runs; a proof after it has. */
function isTouched({ rancher }: Seen, { leg, by, before, nodes }: Told): boolean {
  if (by === 'proof') return true
  switch (leg.kind) {
    case 'certificates':
      return true
    case 'kubernetes':
      return leg.from === leg.to || nodes.some((node) => node.red.length > 0 || !isAt(leg.from, node))
    case 'rancher':
      return rancher.release?.status !== 'deployed' || rancher.release.revision !== before.rancher.newest
    case 'cert-manager':
      return (
        rancher.certManager.release?.status !== 'deployed' ||
        rancher.certManager.release.revision !== before.certManager.newest
      )
  }
}

function isAt(version: string, { kubelet, apiServer }: Evidence['nodes'][number]): boolean {
  const upstream = version.replace(/(-rancher|\+).*$/, '')
  return kubelet === upstream && apiServer === upstream
}

function isNewer(now: string | undefined, then: string | undefined): boolean {
  return now !== undefined && then !== undefined && minorOf(now) !== minorOf(then)
}

/** Gigabytes over a slow line, to several places. */
const SECOND_MS = 120 * 60_000

/** What was written since the point of return, and whether what stands now lies off the nodes. */
export type Second = { written: Written[] | undefined; secondKept: boolean; point: FetchedSnapshot | undefined }

/**
 * Takes a second snapshot, of what stands now, keeps it off the nodes, and compares it with the point of return. It is
 * doubted by its name, so that `latest` is never what was given up. Never throws: what could not be done is told, and the
 * verdict goes by it.
 */
export async function secondSnapshot(
  run: UpgradeRun,
  going: GoingBack,
  seen: Seen,
  compare: typeof writtenSince,
): Promise<Second> {
  const { report, settings } = run
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(SECOND_MS)])
  const { stack, snapshots, lease, upgrading } = going
  const { distribution, hosts } = stack
  const nothing: Second = { written: undefined, secondKept: false, point: undefined }
  if (upgrading === undefined) return nothing
  try {
    const point = await distribution.fetchPoint(upgrading, hosts, signal)
    const call = { run: settings.run, judge: readEtcdSnapshot }
    const isWhole = seen.cluster.etcd.some(({ healthy }) => healthy)
    const taken = isWhole
      ? await distribution.takeSnapshot(call, hosts, lease, signal)
      : await distribution.saveSurvivor(call, hosts, lease, signal)
    const written = await compare(point.etcdFile, taken.etcdFile)
    const live = { clusterUid: seen.cluster.uid, caFingerprint: undefined, revision: undefined }
    const signer = await signerOf(stack, lease)
    const keeping = { signer, live, verify: 'hash', acceptDrop: false, doubt: GIVEN_UP } as const
    const kept = await snapshots.keep(snapshotSource(run, seen, taken), keeping, signal)
    const good = kept.copies.filter(({ ok }) => ok)
    report.line(`What stands now is kept as ${kept.manifest.name}: revision ${kept.manifest.etcd.revision}`)
    for (const copy of kept.copies) if (!copy.ok) report.line(`One place did not take it: ${copy.why}`)
    return { written, secondKept: good.length > 0, point }
  } catch (thrown) {
    run.signal.throwIfAborted()
    report.line(`What stands now could not be kept: ${asStackError(thrown).message}`)
    return nothing
  }
}
