import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Refusal } from '../../../src/errors.ts'
import type { SnapshotSettings } from '../../../src/settings.ts'
import { makeSigner } from '../../../src/snapshots/signer.ts'
import type { Keeping, Source } from '../../../src/snapshots/snapshot.ts'
import { createSnapshots } from '../../../src/snapshots/snapshots.ts'
import { pemBlock } from '../../fakes/pem-block.ts'

/** A real etcd snapshot; see fixtures/README.md. */
export const ETCD_SNAPSHOT = gunzipSync(readFileSync(new URL('./fixtures/etcd-3.5.35.snapshot.gz', import.meta.url)))
export const UID = '6f1c9a2e-0000-4000-8000-00000000000a'
export const OTHER_UID = '6f1c9a2e-0000-4000-8000-00000000000b'
export const STACK = { name: 'rancher', owner: '42', ownerName: 'acme/infra' }
export const STATE = JSON.stringify({ key: pemBlock('RSA PRIVATE KEY', 'of the cluster') })
export const never = new AbortController().signal

/** A folder of its own, gone when the test file has ended. */
export function scratch(): AsyncDisposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'snapshots-'))
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) }
}

/** What a distribution would have taken: an archive that nobody here looks into, and etcd's snapshot beside it. */
export function makeSource(folder: string, given: Partial<Source> & { archive?: Buffer; etcd?: Buffer } = {}): Source {
  const { archive = Buffer.from('the archive of the distribution'), etcd = ETCD_SNAPSHOT, ...rest } = given
  const at = mkdtempSync(join(folder, 'taken-'))
  const [file, etcdFile] = [join(at, 'nightly.zip'), join(at, 'etcd')]
  writeFileSync(file, archive)
  writeFileSync(etcdFile, etcd)
  return {
    stack: STACK,
    run: { id: '100', attempt: 1 },
    takenAt: new Date('2026-11-24T03:00:00Z'),
    clusterUid: UID,
    hostname: 'rancher.example.org',
    caFingerprint: 'ab'.repeat(32),
    distribution: { name: 'rke', snapshot: 'nightly' },
    versions: { kubernetes: 'v1.32.6-rancher1-1', rancher: '2.11.3', chart: 'rancher-2.11.3' },
    nodes: [{ name: 'node-1', address: '10.0.0.1', privateAddress: '10.0.0.1' }],
    members: ['node-1'],
    asked: { hostname: 'rancher.example.org' },
    file,
    fileSha256: createHash('sha256').update(archive).digest('hex'),
    etcdFile,
    state: STATE,
    values: { bootstrapPassword: 'first-secret' },
    ...rest,
  }
}

export const signer = makeSigner()

export function makeKeeping(given: Partial<Keeping> = {}): Keeping {
  const live = { clusterUid: UID, caFingerprint: 'ab'.repeat(32), revision: 70 }
  return { signer, live, verify: 'hash', acceptDrop: false, ...given }
}

export function makeSettings(given: Partial<SnapshotSettings> = {}): SnapshotSettings {
  return {
    places: [],
    recipients: [],
    identities: [],
    signers: [],
    unsigned: false,
    retentionDays: undefined,
    githubToken: undefined,
    ...given,
  }
}

export function snapshotsOf(folder: string, given: Partial<SnapshotSettings> = {}, stack = STACK, log: string[] = []) {
  return createSnapshots({
    stack,
    settings: makeSettings(given),
    etcd: () => Promise.reject(new Error('no etcd was asked for')),
    folder,
    log: (line) => log.push(line),
    now: () => new Date('2026-11-24T04:00:00Z'),
  })
}

export const about = (refusals: Refusal[]) => refusals.map(({ subject, what }) => `${subject}: ${what}`)
