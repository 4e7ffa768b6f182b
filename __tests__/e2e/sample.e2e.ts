import { afterAll, expect, test } from '@jest/globals'
import { base, loadBase } from './base.ts'
import { clear } from './eye/machines.ts'
import { minutes } from './minutes.ts'
import { always, choose, families, pool, sampled } from './pool/pool.ts'
import { bundleAt, bundleNow, passedOn, readRecord, record } from './record.ts'
import { within } from './stage.ts'

/**
 * SEED= repeats a sample, ONLY= names cases by a part of their sentence, SAMPLE= takes so many. SOAK=1 runs every case
 * that has not passed yet on this very `dist/`, so that a soak that was ended goes on; SOAK=all runs them all.
 */
const seed = process.env['SEED'] ?? String(Date.now() % 100_000)
const soak = process.env['SOAK'] !== undefined
const count = soak ? pool.length : Number(process.env['SAMPLE'] ?? 3)
const only = process.env['ONLY']
const drawn = choose(soak || only !== undefined ? families : sampled, { seed, count, only })
const passed = process.env['SOAK'] === '1' ? passedOn(bundleNow(), readRecord(), bundleAt) : new Set<string>()
const wanted = soak || only !== undefined ? drawn : [...new Set([...always, ...drawn])]
const chosen = wanted.filter(({ name }) => !passed.has(name))

process.stderr.write(`SEED=${seed}: ${chosen.length} of ${pool.length} cases\n`)

test('there is a case to run, or each has passed', () => {
  expect(wanted.map((each) => each.name)).not.toEqual([])
})

for (const { name, from, deadlineMs, run } of chosen) {
  test(
    name,
    async () => {
      let startedAt = Date.now()
      const tell = (passed: boolean) => {
        const seconds = Math.round((Date.now() - startedAt) / 1000)
        process.stderr.write(`  ${passed ? 'passed' : 'FAILED'} in ${seconds} s: ${name}\n`)
        record(name, passed, seconds)
      }
      try {
        if (from === 'healthy') await loadBase()
        else await clear(base.name, base.hostname)
        startedAt = Date.now()
        await within(deadlineMs, run(base))
        tell(true)
      } catch (failure) {
        tell(false)
        throw failure
      }
    },
    deadlineMs + minutes(20),
  )
}

afterAll(async () => {
  if (process.env['KEEP'] === undefined) await clear(base.name, base.hostname)
}, minutes(2))
