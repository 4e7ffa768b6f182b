import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { StackError } from '../../errors.ts'
import type { Hosts } from '../../remote/host.ts'
import type { Lease } from '../../remote/lease.ts'
import type { FetchedSnapshot, Upgrading } from '../distribution.ts'
import { obtainState } from './obtain-state.ts'
import { fileSha256, unpackArchive } from './snapshot-archive.ts'
import { archivePath } from './snapshot-name.ts'
import { lookForSnapshot } from './snapshots-on-node.ts'
import { writeState } from './state-store.ts'

/** Writes on every node that an upgrade is under way, or that none is any more; nothing when it stands there already. */
export async function keepUpgrading(
  stack: string,
  upgrading: Upgrading | undefined,
  hosts: Hosts,
  lease: Lease,
): Promise<void> {
  const obtained = await obtainState(hosts, stack, undefined)
  const found = obtained?.found
  if (obtained === undefined || found === undefined)
    throw new StackError('bug', 'there is no state to keep beside it that an upgrade is under way')
  const plain = upgrading === undefined ? undefined : (JSON.parse(JSON.stringify(upgrading)) as Upgrading)
  if (isDeepStrictEqual(plain, found.upgrading)) return
  const generation = Math.max(lease.generation, found.generation + 1)
  const { phase, asked, clusterUid, restoring } = found
  const record = { phase, asked, clusterUid, restoring, upgrading: plain }
  await writeState(stack, obtained.text, generation, record, hosts, lease)
}

const READ_DEADLINE_MS = 3_600_000

/** The point of return from a node that has it whole, with the state of that time: what rke recorded of the former version. */
export async function fetchPoint(
  { point, before }: Upgrading,
  { hosts, folder, signal }: { hosts: Hosts; folder: string; signal: AbortSignal },
): Promise<FetchedSnapshot> {
  const { snapshot, sha256 } = point
  const file = join(folder, `${snapshot}.zip`)
  const etcdFile = join(folder, `${snapshot}-point.db`)
  for (const host of hosts.reached) {
    if ((await lookForSnapshot(host, snapshot)).sha256 !== sha256) continue
    await host.save(`cat '${archivePath(snapshot)}'`, file, { sudo: true, deadlineMs: READ_DEADLINE_MS, signal })
    if ((await fileSha256(file)) !== sha256) continue
    const state = await unpackArchive(file, snapshot, etcdFile)
    return { ...point, file, etcdFile, state, asked: before }
  }
  throw new StackError('snapshot', `the point of return ${snapshot} lies whole on no node any more`, {
    stands: 'The cluster is as the upgrade left it.',
    next: 'Run mode upgrade again to go on; to go back, run mode restore with restore-from.',
  })
}
