import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StackError } from '../../errors.ts'
import type { Host } from '../../remote/host.ts'
import type { TakenSnapshot } from '../distribution.ts'
import { askEtcd } from './etcd.ts'
import { fileSha256, packArchive } from './snapshot-archive.ts'
import { snapshotName } from './snapshot-name.ts'
import { type Copy, describe, neededState, noGoodCopy, readCopy, saveOn, type Taking } from './take-snapshot.ts'

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
  const sources = await Promise.all(hosts.reached.map(lookAtMember))
  const living = sources.filter(({ answers }) => answers).map(({ host }) => host)
  const silent = sources.filter(({ answers, hasData }) => !answers && hasData).map(({ host }) => host)
  const results = [
    ...(await fromMembers(living, name, obtained.text, taking)),
    ...(await inTurn(silent, (host) => fromFiles(host, name, taking))),
  ]
  const [best, ...others] = results.filter(isCopy).toSorted((a, b) => b.revision - a.revision)
  if (best === undefined) throw noGoodCopy(results.filter((one): one is Failed => !isCopy(one)))
  for (const { etcdFile } of others) await rm(etcdFile, { force: true })
  // Each copy was read over the one before: the best is packed again under the name all of them bear.
  const file = join(tools.folder, `${name}.zip`)
  await packArchive(file, name, best.etcdFile, obtained.text)
  const kept = { ...best, file, sha256: await fileSha256(file) }
  const told = results.map((one) => ({ node: one.node, problem: isCopy(one) ? undefined : one.problem }))
  // Without a quorum no API server answers.
  return describe(kept, told, { name, obtained, clusterUid: undefined })
}

type Source = { host: Host; answers: boolean; hasData: boolean }

async function lookAtMember(host: Host): Promise<Source> {
  const [{ member }, data] = await Promise.all([
    askEtcd(host),
    host.try('test -s /var/lib/etcd/member/snap/db', { sudo: true }),
  ])
  return { host, answers: member.revision !== undefined, hasData: data.exitCode === 0 }
}

async function fromMembers(living: Host[], name: string, state: string, taking: Taking): Promise<(Copy | Failed)[]> {
  if (living.length === 0) return []
  const found = await saveOn(living, name, state, taking)
  return await inTurn(found, async (one) => {
    const copy = one.problem ?? (await readCopy(one, name, taking))
    return typeof copy === 'string' ? { node: one.node, problem: copy } : copy
  })
}

/** The database of a member that does not answer; it is held still while it is read. */
async function fromFiles(host: Host, name: string, taking: Taking): Promise<Copy | Failed> {
  const { tools, call, signal } = taking
  const node = host.node.name
  const etcdFile = join(tools.folder, `${name}-${node}.db`)
  try {
    await using _still = await holdStill(host)
    const takenAt = new Date(Number(await host.run("stat -c '%Y' /var/lib/etcd/member/snap/db", { sudo: true })) * 1000)
    const options = { sudo: true, deadlineMs: READ_DEADLINE_MS, signal }
    await host.save('cat /var/lib/etcd/member/snap/db', etcdFile, options)
    const { revision } = await call.judge(etcdFile, { digest: false })
    await appendDigest(etcdFile)
    return { node, takenAt, file: '', etcdFile, sha256: '', revision }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof StackError) return { node, problem: error.message }
    throw error
  }
}

/** Stops a member that does not answer for as long as its files are read; starts it again if it ran. */
async function holdStill(host: Host): Promise<AsyncDisposable> {
  const state = await host.try("docker inspect --format '{{.State.Status}}' etcd", { sudo: true })
  const ran = ['running', 'restarting'].includes(state.stdout.trim())
  if (ran) await host.run('docker stop -t 20 etcd', { sudo: true })
  return {
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

function isCopy(result: Copy | Failed): result is Copy {
  return 'revision' in result
}

/** One after the other: each may fill the runner's disk and line by itself. */
async function inTurn<T, R>(items: T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await act(item))
  return results
}
