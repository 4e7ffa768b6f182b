import { expect, test } from '@jest/globals'
import { judgeAge, snapshotAge } from '../../../src/modes/snapshot-age.ts'
import type { ListedSnapshot } from '../../../src/snapshots/snapshot.ts'

const HOUR_MS = 3_600_000
const now = new Date('2026-11-24T12:00:00Z')
const never = new AbortController().signal

function kept(hoursAgo: number, given: Partial<ListedSnapshot> = {}): ListedSnapshot {
  const takenAt = new Date(now.getTime() - hoursAgo * HOUR_MS)
  return { name: `${hoursAgo}-hours-old`, takenAt, doubted: false, clusterUid: 'ours', ...given } as ListedSnapshot
}

test.each([
  ['none at all', [], { ok: false, evidence: 'there is no sound snapshot of this cluster' }],
  ['just young enough', [kept(26)], { ok: true, evidence: '26-hours-old, taken 1 d 2 h ago' }],
  ['too old', [kept(27)], { ok: false, evidence: '27-hours-old, taken 1 d 3 h ago' }],
  [
    'the newest counts, wherever it stands',
    [kept(30), kept(2)],
    { ok: true, evidence: '2-hours-old, taken 2 h 0 min ago' },
  ],
])('%s', (_name, sound, verdict) => {
  expect(judgeAge(sound, 26 * HOUR_MS, now)).toEqual(verdict)
})

test('neither a doubted snapshot nor one of another cluster counts', async () => {
  const list = async () => [kept(1, { doubted: true }), kept(2, { clusterUid: 'another' }), kept(50)]
  const probe = (clusterUid: string | undefined) => snapshotAge({ list, maxAgeMs: 26 * HOUR_MS, clusterUid, now })
  expect(probe('ours').sentence).toBe('The newest sound snapshot is not older than 1 d 2 h.')
  expect(await probe('ours').ask(never)).toEqual({ ok: false, evidence: '50-hours-old, taken 2 d 2 h ago' })
  expect(await probe(undefined).ask(never)).toEqual({ ok: true, evidence: '2-hours-old, taken 2 h 0 min ago' })
})
