import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import type { TakenSnapshot } from '../../../src/kubernetes/distribution.ts'
import { backupWork } from '../../../src/modes/backup-work.ts'
import { planBackup, refuseBackup, warnings } from '../../../src/modes/plan-backup.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import { formatSize, tellListed } from '../../../src/modes/tell-snapshot.ts'
import type { Lease } from '../../../src/remote/lease.ts'
import type { BackupRun } from '../../../src/run.ts'
import type { BackupSettings } from '../../../src/settings.ts'
import { parseSigner, renderSigner } from '../../../src/snapshots/signer.ts'
import type { Place } from '../../../src/snapshots/snapshot.ts'
import { tries } from '../remedies/tries.ts'
import { makeSettings, makeSource, never, STACK, signer, snapshotsOf, UID } from '../snapshots/make.ts'

const folder = mkdtempSync(join(tmpdir(), 'backup-'))
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
const freshPlace = (): Place & { kind: 'file' } => {
  count += 1
  return { kind: 'file', folder: join(folder, `place-${count}`) }
}

function seen(state: Seen['cluster']['state'] = 'running'): Seen {
  const member = { node: 'node-1', healthy: true, leader: true, revision: 70, knows: ['node-1'], problem: undefined }
  return {
    infrastructure: {
      nodes: [],
      loadBalancer: undefined,
      name: { hostname: '', addresses: [] },
      memory: { clusterUid: UID, hostname: 'rancher.example.org' },
      refusals: [],
      owned: [],
    },
    cluster: {
      state,
      distribution: 'rke',
      uid: UID,
      version: 'v1.32.6-rancher1-1',
      nodes: [],
      etcd: [member],
      certificates: [],
      asked: undefined,
      own: undefined,
    },
    rancher: noRancher(new Date(0)),
  }
}

const settings = (given: Partial<BackupSettings> = {}) =>
  ({
    mode: 'backup',
    stack: STACK,
    run: { id: '100', attempt: 1 },
    snapshots: makeSettings({ places: [freshPlace()] }),
    verify: 'hash',
    retention: { keepLast: undefined, keepDays: undefined },
    acceptDrop: false,
    ...given,
  }) as BackupSettings

const ids = (given: Partial<BackupSettings>, hasSigner: boolean) =>
  planBackup(settings(given), hasSigner).map(({ id, needs }) => [id, needs])

test('a plan: the key only where there is none, places are pruned only where that was asked, one after the other', () => {
  expect(ids({}, true)).toEqual([
    ['take-snapshot', []],
    ['keep-snapshot', ['take-snapshot']],
    ['prune-nodes', ['keep-snapshot']],
  ])
  expect(ids({ retention: { keepLast: 7, keepDays: undefined } }, false)).toEqual([
    ['keep-signer', []],
    ['take-snapshot', ['keep-signer']],
    ['keep-snapshot', ['take-snapshot']],
    ['prune-nodes', ['keep-snapshot']],
    ['prune-places', ['prune-nodes']],
  ])
})

test.each([
  ['running', []],
  ['none', ['there is no cluster here.']],
  ['unfinished', ['the cluster is not finished.']],
  ['quorum-lost', ['etcd has lost its quorum.']],
] as const)('of a cluster that is %s: %j', (state, whats) => {
  expect(refuseBackup(seen(state)).map(({ what }) => what)).toEqual(whats)
})

test('what is stored unencrypted is warned of', () => {
  expect(warnings(settings())).toEqual([expect.stringContaining('stored unencrypted in file:')])
  expect(warnings(settings({ snapshots: makeSettings({ recipients: ['age1…'] }) }))).toEqual([])
})

/** A distribution that has taken a snapshot already, and what is told of it. */
function world(given: Partial<BackupSettings> = {}, { hasSigner = true } = {}) {
  const signerPem = hasSigner ? renderSigner(signer) : undefined
  const told: Record<string, string> = {}
  const lines: string[] = []
  const tables: string[] = []
  const done: string[] = []
  const source = makeSource(folder)
  const taken: TakenSnapshot = {
    name: 'nightly',
    takenAt: source.takenAt,
    node: 'node-1',
    file: source.file,
    etcdFile: source.etcdFile,
    sha256: source.fileSha256,
    state: source.state,
    caFingerprint: source.caFingerprint,
    clusterUid: undefined,
    kubernetesVersion: undefined,
    asked: undefined,
    members: ['node-1'],
    copies: [{ node: 'node-1', problem: undefined }],
  }
  const distribution = {
    async keepSigner(pem: string) {
      done.push(`kept ${parseSigner(pem).publicKey}`)
    },
    async takeSnapshot() {
      done.push('taken')
      return taken
    },
    async pruneSnapshots() {
      done.push('pruned')
      return ['older']
    },
  }
  const config = { getCurrentCluster: () => ({ caData: undefined }) }
  const stack = { distribution, hosts: {}, api: async () => ({ config }) }
  const report = {
    output: (name: string, value: string) => {
      told[name] = value
    },
    line: (text: string) => lines.push(text),
    warning: (text: string) => lines.push(`warning: ${text}`),
    table: ({ title, rows }: { title: string; rows: string[][] }) =>
      tables.push(title, ...rows.map((row) => row.join(': '))),
  }
  const chosen = settings(given)
  const run = { settings: chosen, report } as unknown as BackupRun
  const surroundings = { stack, snapshots: snapshotsOf(folder, chosen.snapshots), seen: seen(), signerPem }
  const work = backupWork(run, surroundings as unknown as Parameters<typeof backupWork>[1])
  const carryOut = async () => {
    for (const { change } of planBackup(chosen, hasSigner)) await work.apply(change, {} as Lease, never)
  }
  return { carryOut, work, told, lines, tables, done, chosen }
}

const NAME = `rancher_${UID}_20261124T030000Z_100-1_51-14`

test('a backup tells what it is, where it lies, and who signed it', async () => {
  const { carryOut, told, lines, tables, done, chosen } = world()
  await carryOut()
  const [place] = chosen.snapshots.places as [Place & { kind: 'file' }]
  expect(done).toEqual(['taken', 'pruned'])
  expect(told).toEqual({
    'snapshot-name': NAME,
    'snapshot-path': join(place.folder, `${NAME}.tar`),
    'snapshot-revision': '76',
    'snapshot-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
    'snapshot-signer': signer.publicKey,
    'snapshot-size': expect.stringMatching(/^\d+$/),
  })
  expect(lines).toContain(`${NAME}: revision 76, 51 keys, 14 of them Rancher's`)
  expect(lines).toContain(`Stored in file:${place.folder}`)
  expect(tables).toContain(`Cluster: ${UID}`)
  expect(tables.join('\n')).not.toContain('Doubted')
})

test('the first backup makes the key, and gives it to the nodes before anything is signed with it', async () => {
  const { carryOut, told, done } = world({}, { hasSigner: false })
  await carryOut()
  expect(done).toEqual([`kept ${told['snapshot-signer']}`, 'taken', 'pruned'])
})

test('one place that fails makes the run fail: it says which copies are good, and nothing older is removed', async () => {
  const [good, broken] = [freshPlace(), freshPlace()]
  writeFileSync(broken.folder, 'no folder')
  const { carryOut, told, done } = world({
    snapshots: makeSettings({ places: [good, broken] }),
    retention: { keepLast: 1, keepDays: undefined },
  })
  const error = await carryOut().then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ kind: 'snapshot', message: expect.stringContaining(`file:${broken.folder}`) })
  expect(error.stands).toBe(
    `The cluster is untouched. ${NAME} is stored in file:${good.folder}. Nothing older was removed.`,
  )
  expect(told['snapshot-path']).toBe(join(good.folder, `${NAME}.tar`))
  expect(done).toEqual(['taken'])
})

test('a doubted one is kept and told, the run fails, and nothing is removed from anywhere', async () => {
  const place = freshPlace()
  const retention = { keepLast: 1, keepDays: undefined }
  const before = world({ snapshots: makeSettings({ places: [place] }), retention })
  await before.carryOut()
  writeFileSync(join(place.folder, `rancher_${UID}_20261124T030001Z_101-1_999-14.tar.age`), '')
  const { carryOut, tables, done } = world({
    snapshots: makeSettings({ places: [place] }),
    run: { id: '102', attempt: 1 },
    retention,
  })
  await expect(carryOut()).rejects.toMatchObject({ kind: 'snapshot', next: expect.stringContaining('accept-drop') })
  expect(tables).toContain(
    `Doubted: it holds 51 of 999 keys, compared with rancher_${UID}_20261124T030001Z_101-1_999-14`,
  )
  expect(done).toEqual(['taken'])
  expect(readdirSync(place.folder)).toHaveLength(3)
})

test('what retention removes is told', async () => {
  const place = freshPlace()
  const retention = { keepLast: 1, keepDays: undefined }
  await world({ snapshots: makeSettings({ places: [place] }) }).carryOut()
  const { carryOut, work, lines } = world({
    snapshots: makeSettings({ places: [place] }),
    run: { id: '101', attempt: 1 },
    retention,
  })
  await carryOut()
  expect(work.removed.map(({ name }) => name)).toEqual([NAME])
  expect(lines).toContain('Removed older from the nodes')
})

test('what is kept is listed, each with where it lies; that it cannot be is a warning', async () => {
  const place = freshPlace()
  await world({ snapshots: makeSettings({ places: [place] }) }).carryOut()
  const told: string[] = []
  const report = {
    line: (text: string) => told.push(text),
    warning: (text: string) => told.push(`warning: ${text}`),
    table: ({ rows }: { rows: string[][] }) => told.push(...rows.map((row) => row.join(' | '))),
  }
  const listed = await snapshotsOf(folder, { places: [place] }).list(never)
  await tellListed(report, { list: async () => listed }, listed, never)
  expect(told).toEqual([
    `Removed ${NAME} from file:${place.folder}`,
    expect.stringMatching(
      `2026-11-24T03:00:00.000Z \\| ${NAME} \\| file:.* \\| 51, 14 of them Rancher's \\| \\d\\.\\d kB`,
    ),
  ])
  await tellListed(report, { list: () => Promise.reject(new Error('gone')) }, [], never)
  expect(told.at(-1)).toBe('warning: The kept snapshots could not be listed: gone')
})

test.each([
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [12_345_678, '12.3 MB'],
  [2.5e9, '2.5 GB'],
])('%i bytes are %s', (bytes, text) => expect(formatSize(bytes)).toBe(text))

const backup = (run: string, place: Place, given: Partial<BackupSettings> = {}) =>
  world({ snapshots: makeSettings({ places: [place] }), run: { id: run, attempt: 1 }, ...given }).carryOut()
const blocked = freshPlace()
const shrunk = freshPlace()

tries('snapshot', [
  [
    'Look at the places that are named, then run mode backup again.',
    () => {
      writeFileSync(blocked.folder, 'no folder')
      return backup('110', blocked)
    },
    () => {
      rmSync(blocked.folder)
      return backup('111', blocked)
    },
  ],
  [
    'Find out what was lost. If it was meant to go, run mode backup once with accept-drop: true.',
    async () => {
      await backup('112', shrunk)
      writeFileSync(join(shrunk.folder, `rancher_${UID}_20261124T030001Z_113-1_999-14.tar.age`), '')
      await backup('114', shrunk)
    },
    () => backup('115', shrunk, { acceptDrop: true }),
  ],
])
