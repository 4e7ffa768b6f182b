import { expect, test } from '@jest/globals'
import type { Probe, Verdict } from '../../../src/conformance/probe.ts'
import { prove } from '../../../src/conformance/prove.ts'

const { signal } = new AbortController()
const probe = (ask: (signal: AbortSignal) => Promise<Verdict>, deadlineMs = 60_000): Probe => ({
  id: 'id',
  sentence: 'It is so.',
  deadlineMs,
  ask,
})
const yes = async () => ({ ok: true, evidence: 'seen' })
const no = async () => ({ ok: false, evidence: 'not seen' })

test('rows come in order, each with its sentence', async () => {
  const rows = await prove([probe(yes), { ...probe(no), id: 'other' }], { signal, rounds: 1 })
  expect(rows).toEqual([
    { id: 'id', sentence: 'It is so.', ok: true, evidence: 'seen' },
    { id: 'other', sentence: 'It is so.', ok: false, evidence: 'not seen' },
  ])
})

test('a probe is asked until it says yes', async () => {
  let asked = 0
  const third = async () => (++asked === 3 ? yes() : no())
  const [row] = await prove([probe(third)], { signal, everyMs: 1 })
  expect(row?.ok).toBe(true)
  expect(asked).toBe(3)
})

test('one round asks once', async () => {
  let asked = 0
  const count = () => {
    asked += 1
    return no()
  }
  await prove([probe(count)], { signal, rounds: 1, everyMs: 1 })
  expect(asked).toBe(1)
})

test('an error is a no with its reason', async () => {
  const broken = async () => {
    throw new Error('connection refused')
  }
  const [row] = await prove([probe(broken)], { signal, rounds: 1 })
  expect(row).toMatchObject({ ok: false, evidence: 'connection refused' })
})

test('who never answers did not report, and holds nobody up', async () => {
  const started = performance.now()
  const [row, other] = await prove([probe(() => new Promise(() => {})), probe(yes)], { signal, deadlineMs: 50 })
  expect(row).toMatchObject({ ok: false, evidence: expect.stringContaining('did not report') })
  expect(other?.ok).toBe(true)
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('the last answer before the deadline stands', async () => {
  let asked = 0
  const once = () => (++asked === 1 ? no() : new Promise<Verdict>(() => {}))
  const [row] = await prove([probe(once, 60)], { signal, everyMs: 1 })
  expect(row?.evidence).toBe('not seen')
})

test('a cancelled run asks no more', async () => {
  const stop = new AbortController()
  const work = prove([probe(() => new Promise(() => {}))], { signal: stop.signal })
  stop.abort()
  await expect(work).resolves.toMatchObject([{ ok: false }])
})
