import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'
import type { TakenSnapshot } from '../distribution.ts'
import { ETCDCTL } from './etcd.ts'
import { fileSha256, packArchive } from './snapshot-archive.ts'
import { snapshotName } from './snapshot-name.ts'
import { type Copy, describe, neededState, noGoodCopy, type Taking } from './take-snapshot.ts'

/** A node, and what keeps its data from being saved. */
type Failed = { node: string; problem: string }

const READ_DEADLINE_MS = 3_600_000

/**
 * Saves what is left of a cluster without quorum: from each member that answers at its own endpoint a snapshot, which
 * needs no leader; from each that does not, its database as it lies on the disk. The highest revision wins.
 *
 * @see https://etcd.io/docs/v3.5/op-guide/recovery (a copied member/snap/db carries no digest; restore wants one)
 */
export async function saveSurvivor(taking: Taking): Promise<TakenSnapshot> {
  const { stack, hosts, call, tools } = taking
  const obtained = await neededState(hosts, stack)
  const name = snapshotName(new Date(), call.run)
  const left = (await Promise.all(hosts.reached.map(ifItHasData))).filter((host) => host !== undefined)
  const results = await inTurn(left, (host) => readMember(host, name, taking))
  const [best, ...others] = results.filter(isRead).toSorted((a, b) => b.revision - a.revision)
  if (best === undefined) throw noGoodCopy(results.filter((one): one is Failed => !isRead(one)))
  for (const { etcdFile } of others) await rm(etcdFile, { force: true })
  const file = join(tools.folder, `${name}.zip`)
  await packArchive(file, name, best.etcdFile, obtained.text)
  const kept = { ...best, file, sha256: await fileSha256(file) }
  const told = results.map((one) => ({ node: one.node, problem: isRead(one) ? undefined : one.problem }))
  // Without a quorum no API server tells the UID.
  return describe(kept, told, { name, obtained, clusterUid: undefined })
}

/** A file on the node that does not change while it is held. */
type Held = AsyncDisposable & { path: string; hasDigest: boolean }

type Read = Omit<Copy, 'file' | 'sha256'>

async function ifItHasData(host: Host): Promise<Host | undefined> {
  const { exitCode } = await host.try(`test -s ${DATABASE}`, { sudo: true })
  return exitCode === 0 ? host : undefined
}

/** A member that answers and cannot make a snapshot (a full disk ends a quorum, too) still has its files. */
async function readMember(host: Host, name: string, taking: Taking): Promise<Read | Failed> {
  const { tools, call, signal } = taking
  const node = host.node.name
  const etcdFile = join(tools.folder, `${name}-${node}.db`)
  const problems: string[] = []
  for (const hold of [holdSnapshot, holdStill]) {
    try {
      await using held = await hold(host, signal)
      const takenAt = new Date(Number(await host.run(`stat -c '%Y' ${held.path}`, { sudo: true })) * 1000)
      await host.save(`cat ${held.path}`, etcdFile, { sudo: true, deadlineMs: READ_DEADLINE_MS, signal })
      const { revision } = await call.judge(etcdFile, { digest: held.hasDigest })
      if (!held.hasDigest) await appendDigest(etcdFile)
      return { node, takenAt, etcdFile, revision }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof StackError)) throw error
      problems.push(error.message)
    }
  }
  return { node, problem: problems.join('; ') }
}

/** Where etcd's data lie on a node, and where its container sees them (rke 1.8.5, cluster/plan.go). */
const DATA = { onNode: '/var/lib/etcd', inContainer: '/var/lib/rancher/etcd' }
const DATABASE = `${DATA.onNode}/member/snap/db`
/** One that a killed run left is written over by the next, and wiped by a restore. */
const SNAPSHOT = 'rancher-ha-survivor.db'

/** A snapshot the member makes of itself, where it answers. */
async function holdSnapshot(host: Host, signal: AbortSignal): Promise<Held> {
  const path = `${DATA.onNode}/${SNAPSHOT}`
  // A snapshot takes as long as its size asks for: whether the member answers is asked before.
  const save = `docker exec etcd etcdctl --dial-timeout=2s snapshot save ${DATA.inContainer}/${SNAPSHOT}`
  const remove = async () => void (await host.run(`rm -f ${path} ${path}.part`, { sudo: true }))
  try {
    await host.run(`${ETCDCTL} endpoint status && ${save}`, { sudo: true, deadlineMs: READ_DEADLINE_MS, signal })
  } catch (error) {
    await remove()
    throw error
  }
  return { path, hasDigest: true, [Symbol.asyncDispose]: remove }
}

/** Stops a member that does not answer for as long as its files are read; starts it again if it ran. */
async function holdStill(host: Host): Promise<Held> {
  const state = await host.try("docker inspect --format '{{.State.Status}}' etcd", { sudo: true })
  const ran = ['running', 'restarting'].includes(state.stdout.trim())
  if (ran) await host.run('docker stop -t 20 etcd', { sudo: true })
  return {
    path: DATABASE,
    hasDigest: false,
    async [Symbol.asyncDispose]() {
      if (ran) await host.run('docker start etcd', { sudo: true })
    },
  }
}

/** What `etcdctl snapshot save` puts behind a database: its SHA-256 (etcd 3.5, api/v3rpc/maintenance.go). */
async function appendDigest(file: string): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  await appendFile(file, hash.digest())
}

function isRead(result: Read | Failed): result is Read {
  return 'revision' in result
}

/** One after the other: each may fill the runner's disk and line by itself. */
async function inTurn<T, R>(items: T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await act(item))
  return results
}
