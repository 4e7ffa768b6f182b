import { expect, test } from '@jest/globals'
import type { RestoreSource } from '../../../src/kubernetes/distribution.ts'
import type { Target } from '../../../src/modes/restore-source.ts'
import { noRancher, type Seen } from '../../../src/modes/seen.ts'
import { describeRestore, formatAge } from '../../../src/modes/tell-restore.ts'
import type { Manifest } from '../../../src/snapshots/snapshot.ts'

const source: RestoreSource = {
  snapshot: 's',
  sha256: 'x',
  clusterUid: 'uid',
  takenAt: '2026-01-02T03:00:00.000Z',
  from: 'rancher_uid_20260102T030000Z',
  file: '/private/s.zip',
  state: 'every private key',
  asked: undefined,
}
const manifest = {
  versions: { kubernetes: 'v1.32.6-rancher1-1', rancher: '2.11.3', chart: undefined },
  etcd: { revision: 100, keys: 51, sizeBytes: 1, kinds: {} },
} as unknown as Manifest

const stored: Target = {
  strategy: { kind: 'stored', wish: { kind: 'latest', clusterUid: 'uid' } },
  source,
  hostname: 'rancher.example.org',
  nodeCount: 3,
  clusterUid: 'uid',
  manifest,
  signer: 'public-key',
  values: { bootstrapPassword: 'first-secret' },
  signerPem: 'private key of the stack',
}

function seen(revision: number | undefined): Seen {
  return {
    infrastructure: {
      nodes: [],
      loadBalancer: undefined,
      name: { hostname: '', addresses: [] },
      memory: { clusterUid: 'uid', hostname: undefined },
      refusals: [],
      owned: [],
    },
    cluster: {
      state: 'running',
      distribution: 'rke',
      uid: 'uid',
      version: undefined,
      nodes: [],
      etcd:
        revision === undefined
          ? []
          : [{ node: 'node-1', healthy: true, leader: true, revision, knows: [], problem: undefined }],
      certificates: [],
      asked: undefined,
      own: undefined,
    },
    rancher: noRancher(new Date(0)),
  }
}

const told = (target: Target, revision?: number) =>
  Object.fromEntries(
    describeRestore(
      'same nodes',
      target,
      { kind: 'running' },
      seen(revision),
      new Date('2026-01-03T08:05:00Z'),
    ).rows.map(([name = '', value = '']) => [name, value]),
  )

test('which snapshot, how old, whose, and what would be lost, is told before anything is done', () => {
  expect(told(stored, 130)).toMatchObject({
    Strategy: 'same nodes',
    Snapshot: 'rancher_uid_20260102T030000Z',
    Taken: '2026-01-02T03:00:00.000Z, 1 d 5 h ago',
    'Signed by': 'public-key, as expected',
    Cluster: "uid, the same as this stack's",
    Rancher: '2.11.3',
    'Would be lost': 'all that was written since 2026-01-02T03:00:00.000Z: 30 revisions, from 100 to 130',
  })
})

test.each([
  ['nobody knows how far the cluster was', undefined, 'all that was written since 2026-01-02T03:00:00.000Z'],
  ['nothing was written since', 100, 'nothing: what stands ends at revision 100, the snapshot at 100'],
])('%s', (_name, revision, lost) => {
  expect(told(stored, revision)['Would be lost']).toBe(lost)
})

test('what the survivors know is told as such, and whoever signed is not claimed to be known', () => {
  const survivors: Target = {
    ...stored,
    strategy: { kind: 'survivor', survivors: [] },
    source: undefined,
    manifest: undefined,
  }
  expect(told(survivors)).toMatchObject({
    Snapshot: 'what the survivors know, to be saved first',
    'Would be lost': 'only what no survivor had written down',
  })
  expect(told(survivors)['Signed by']).toBeUndefined()
  expect(told({ ...stored, signer: undefined })['Signed by']).toContain('unsigned was said')
})

test('no secret and no path of the run is told', () => {
  expect(JSON.stringify(told(stored, 130))).not.toMatch(/secret|private|key of/)
})

test.each([
  [59_000, '0 min'],
  [3_600_000, '1 h 0 min'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 min'],
])('an age of %i ms is %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text)
})
