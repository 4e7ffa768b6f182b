import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { TakenSnapshot } from '../../../src/kubernetes/distribution.ts'
import { recordedIn } from '../../../src/kubernetes/rke/recorded-call.ts'
import { parseState } from '../../../src/kubernetes/rke/state-file.ts'
import { keepLeft, refuseLeft, signerOf } from '../../../src/modes/last-snapshot.ts'
import { savedSource } from '../../../src/modes/restore-source.ts'
import type { Seen } from '../../../src/modes/seen.ts'
import { snapshotSource } from '../../../src/modes/snapshot-source.ts'
import type { Stack } from '../../../src/modes/stack.ts'
import type { Lease } from '../../../src/remote/lease.ts'
import type { DestroyRun } from '../../../src/run.ts'
import type { SnapshotSettings } from '../../../src/settings.ts'
import { readEtcdSnapshot } from '../../../src/snapshots/etcd-snapshot.ts'
import { makeSigner, renderSigner } from '../../../src/snapshots/signer.ts'
import type { Place } from '../../../src/snapshots/snapshot.ts'
import { directoryStore } from '../../../src/snapshots/stores/directory.ts'
import type { Packed } from '../../../src/snapshots/stores/store.ts'
import { STATE } from '../kubernetes/rke/world.ts'
import { seenStack } from '../modes/upgrade-world.ts'
import {
  ETCD_SNAPSHOT,
  makeKeeping,
  makeSettings,
  makeSource,
  never,
  OTHER_UID,
  STACK,
  scratch,
  signer,
  snapshotsOf,
  UID,
} from '../snapshots/make.ts'
import { tries } from './tries.ts'

jest.setTimeout(60_000)

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())

let count = 0
const fresh = (): string => {
  count += 1
  const path = join(folder.path, `f${count}`)
  mkdirSync(path)
  return path
}
const place = (at: string): Place & { kind: 'file' } => ({ kind: 'file', folder: at })
/** A folder whose name a file has taken. */
const taken = (): string => {
  const path = join(fresh(), 'taken')
  writeFileSync(path, '')
  return path
}
const damaged = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 5000), Buffer.from('x'), bytes.subarray(5001)])

let identity: string
let stranger: string
let sealed: Buffer
let plain: Buffer
const NAME = `rancher_${UID}_20261124T030000Z_100-1_51-14`
beforeAll(async () => {
  identity = await generateX25519Identity()
  stranger = await generateX25519Identity()
  plain = await keptAs([])
  sealed = await keptAs([await identityToRecipient(identity)])
})

/** A snapshot as mode backup stores it. */
async function keptAs(recipients: string[]): Promise<Buffer> {
  const at = fresh()
  await snapshotsOf(folder.path, { places: [place(at)], recipients }).keep(
    makeSource(folder.path, { archive: ETCD_SNAPSHOT }),
    makeKeeping(),
    never,
  )
  return readFileSync(join(at, readdirSync(at)[0] ?? ''))
}

type Way = { signers?: string[]; unsigned?: boolean; identities?: string[]; stack?: typeof STACK }

/** Opens the newest snapshot of a place that holds these bytes. */
const opens =
  (bytes: () => Buffer, way: Way = {}) =>
  async () => {
    const { signers = [signer.publicKey], unsigned = false, identities = [identity], stack = STACK } = way
    const at = fresh()
    writeFileSync(join(at, `${NAME}.tar`), bytes())
    const settings = { places: [place(at)], unsigned, identities }
    const wish = { kind: 'latest', clusterUid: undefined } as const
    await using _opened = await snapshotsOf(folder.path, settings, stack).open(wish, signers, never)
  }
const fork = { ...STACK, owner: '43', ownerName: 'acme/fork' }

tries('snapshot', [
  [
    'Set backup-identity to the age identity of one of its recipients.',
    opens(() => sealed, { identities: [] }),
    opens(() => sealed),
  ],
  [
    'Check backup-identity: it must belong to one of the recipients the snapshot was encrypted to.',
    () => opens(() => sealed, { identities: [stranger] })(),
    opens(() => sealed),
  ],
  [
    'Set snapshot-signer to what the output snapshot-signer of the backup was; unsigned: true opens it whoever signed it.',
    opens(() => plain, { signers: [makeSigner().publicKey] }),
    opens(() => plain, { signers: [signer.publicKey] }),
    opens(() => plain, { signers: [], unsigned: true }),
  ],
  ['Name another snapshot with restore-from.', opens(() => plain, { stack: fork }), opens(() => plain)],
  [
    'Take another copy of this snapshot, or another snapshot.',
    opens(() => damaged(plain)),
    opens(() => plain),
    opens(() => sealed),
  ],
])

/** Opens by the inputs a person names a snapshot with. */
const finds =
  (at: () => string, wish: (at: string) => Parameters<ReturnType<typeof snapshotsOf>['open']>[0]) => async () => {
    const settings = { places: [place(at())] }
    await using _opened = await snapshotsOf(folder.path, settings).open(wish(at()), [signer.publicKey], never)
  }
const stocked = () => {
  const at = fresh()
  writeFileSync(join(at, `${NAME}.tar`), plain)
  return at
}
const latest = () => ({ kind: 'latest', clusterUid: UID }) as const

tries('snapshot', [
  [
    'Name the place with backup-to, or the snapshot with restore-from.',
    finds(fresh, latest),
    finds(stocked, latest),
    () => {
      const path = join(stocked(), `${NAME}.tar`)
      return finds(fresh, () => ({ kind: 'file', path }))()
    },
  ],
])

/** A backup with what was taken and what runs. */
const keeps =
  (
    source: () => ReturnType<typeof makeSource>,
    keeping = makeKeeping(),
    at = folder.path,
    given: Partial<SnapshotSettings> = {},
  ) =>
  async () =>
    void (await snapshotsOf(at, { places: [place(fresh())], ...given }).keep(source(), keeping, never))

tries('snapshot', [
  [
    'Run mode status, then mode backup again.',
    keeps(() => makeSource(folder.path), makeKeeping({ live: { ...makeKeeping().live, clusterUid: OTHER_UID } })),
    keeps(() => makeSource(folder.path)),
  ],
  [
    'Run mode backup again.',
    keeps(() => makeSource(folder.path, { fileSha256: 'ab'.repeat(32) })),
    keeps(() => makeSource(folder.path)),
  ],
  [
    'Run mode status, and see what the nodes answer.',
    () => sourceOf({ uid: undefined }),
    // What answers again says who it is.
    () => sourceOf({ uid: UID }),
  ],
  [
    'Give cluster-uid, the UID its namespace kube-system had.',
    () => savedSource({ ...took(), clusterUid: undefined }, undefined),
    () => savedSource({ ...took(), clusterUid: undefined }, UID),
  ],
  [
    'Take another snapshot, or another copy of this one.',
    () => readEtcdSnapshot(file(damaged(ETCD_SNAPSHOT))),
    () => readEtcdSnapshot(file(ETCD_SNAPSHOT)),
  ],
  [
    'Take the state of another node, or another snapshot.',
    () => recordedIn(JSON.stringify({ ...parseState(STATE, 'fixture'), currentState: {}, desiredState: neverMade() })),
    () => recordedIn(STATE),
  ],
])

/** A folder with room for so many bytes. */
function narrow(bytes: number): Disposable & { path: string; widen: (bytes: number) => void } {
  const path = fresh()
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'narrow', path])
  mount(`size=${bytes}`)
  return {
    path,
    widen: (bytes) => void mount(`remount,size=${bytes}`),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', path]),
  }
}

const MIB = 1024 ** 2
const ROOM = 'Give this machine more room in its temp folder: twice what a snapshot takes. Then run again.'

test.each([
  ['no room to pack it', MIB / 2],
  ['no room for anything', 0],
])(`%s: ${ROOM}`, async (_, room) => {
  const archive = randomBytes(MIB)
  const taken = archive.length + ETCD_SNAPSHOT.length
  using temp = narrow(taken + room)
  const source = makeSource(temp.path, { archive })
  const at = fresh()
  const keep = () => snapshotsOf(temp.path, { places: [place(at)] }).keep(source, makeKeeping(), never)
  await expect(keep()).rejects.toMatchObject({ kind: 'snapshot', next: ROOM })
  expect(readdirSync(at)).toEqual([])
  temp.widen(2 * taken)
  await keep()
  expect(readdirSync(at)).toEqual([`${NAME}.tar`])
})

/** Stores one file in a folder. */
const stores =
  (at: string, mend: (at: string) => void = () => {}) =>
  async () => {
    mend(at)
    const path = file(ETCD_SNAPSHOT)
    const packed: Packed = { path, file: `${NAME}.tar`, sizeBytes: ETCD_SNAPSHOT.length, sha256: sha256(ETCD_SNAPSHOT) }
    await directoryStore(place(at)).put(packed, never)
  }
const blocked = taken()

tries('snapshot', [
  [
    'Name a folder this runner may use.',
    () => directoryStore(place(join(blocked, 'below'))).preflight({ write: true, remove: false }),
    () => directoryStore(place(fresh())).preflight({ write: true, remove: false }),
  ],
  ['Look at the folder: its disk, its permissions.', stores(blocked), stores(blocked, (at) => rmSync(at))],
  [
    'Put the key back from a snapshot (its signer.pem), or remove it from the nodes: a new one is then made.',
    () => signs(renderSigner(signer).slice(0, 60)),
    () => signs(renderSigner(signer)),
    () => signs(undefined),
  ],
  [
    'Mend the place, or name another with backup-to; last-snapshot: false goes on without one.',
    () => lasts(taken()),
    () => {
      const mended = taken()
      rmSync(mended)
      return lasts(mended)
    },
    () => lasts(fresh()),
  ],
])

tries('input', [
  [
    'Copy the public key again.',
    () => looks({ recipients: ['age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'] }),
    async () => looks({ recipients: [await identityToRecipient(identity)] }),
  ],
  [
    'Give backup-recipients, another place with backup-to, or last-snapshot: false to go on without one.',
    () => left({ places: [{ kind: 'artifact' }] }),
    () => left({ places: [{ kind: 'artifact' }], recipients: ['age1…'] }),
    () => left({ places: [place(fresh())] }),
  ],
])

/** The state of a cluster that has certificates and was never made. */
function neverMade() {
  const { certificatesBundle } = parseState(STATE, 'fixture').desiredState
  return { certificatesBundle }
}

const looks = (given: Partial<SnapshotSettings>) =>
  snapshotsOf(folder.path, { places: [place(fresh())], ...given }).preflight({ write: true, remove: false })

/** What a last snapshot cannot do without; places and nodes have nothing against it. */
const left = (given: Partial<SnapshotSettings>) =>
  refuseLeft(
    makeSettings(given),
    { distribution: { refuseSnapshot: async () => [] }, hosts: {} } as unknown as Stack,
    { preflight: async () => [] } as unknown as Parameters<typeof refuseLeft>[2],
  )

/** The stack's key, as its nodes hold it. */
const signs = (pem: string | undefined) =>
  signerOf(
    { distribution: { readSigner: async () => pem, keepSigner: async () => {} }, hosts: {} } as unknown as Stack,
    {} as Lease,
  )

function took(): TakenSnapshot {
  const { file: path, etcdFile, fileSha256, state, caFingerprint } = makeSource(folder.path)
  return {
    name: 'nightly',
    takenAt: new Date('2026-11-24T03:00:00Z'),
    node: 'node-1',
    file: path,
    etcdFile,
    sha256: fileSha256,
    state,
    caFingerprint,
    clusterUid: UID,
    kubernetesVersion: undefined,
    asked: undefined,
    members: ['node-1'],
    copies: [],
  }
}

const run = {
  settings: { mode: 'destroy', stack: STACK, run: { id: '100', attempt: 1 } },
  report: { output: () => {}, line: () => {}, warning: () => {}, table: () => {} },
} as unknown as DestroyRun

function seen(uid: string | undefined): Seen {
  return seenStack({ cluster: { uid } })
}

const sourceOf = ({ uid }: { uid: string | undefined }) =>
  snapshotSource(run, seen(uid), { ...took(), clusterUid: undefined })

/** Keeps what is left in a folder before it is given up. */
const lasts = (at: string) => {
  const stack = {
    distribution: { readSigner: async () => renderSigner(signer) },
    hosts: {},
  } as unknown as Stack
  const snapshots = snapshotsOf(folder.path, { places: [place(at)] })
  return keepLeft(took(), run, { stack, snapshots, seen: seen(UID), lease: {} as Lease }, never)
}

function file(bytes: Buffer): string {
  const path = join(fresh(), 'file')
  writeFileSync(path, bytes)
  return path
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
