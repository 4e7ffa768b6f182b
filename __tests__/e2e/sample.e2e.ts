import { afterAll, expect, test } from '@jest/globals'
import { base, loadBase } from './base.ts'
import { clear } from './eye/machines.ts'
import { minutes } from './minutes.ts'
import { always, choose, families, pool, sampled } from './pool/pool.ts'
import { record } from './record.ts'
import { within } from './stage.ts'

/** SEED= repeats a sample, ONLY= names cases by a part of their sentence, SOAK=1 runs all, SAMPLE= so many. */
const seed = process.env['SEED'] ?? String(Date.now() % 100_000)
const soak = process.env['SOAK'] !== undefined
const count = soak ? pool.length : Number(process.env['SAMPLE'] ?? 3)
const only = process.env['ONLY']
const drawn = choose(soak || only !== undefined ? families : sampled, { seed, count, only })
const chosen = soak || only !== undefined ? drawn : [...new Set([...always, ...drawn])]

process.stderr.write(`SEED=${seed}: ${chosen.length} of ${pool.length} cases\n`)

test('there is a case to run', () => {
  expect(chosen.map((each) => each.name)).not.toEqual([])
})

test.each(chosen)(
  '$name',
  async ({ name, from, deadlineMs, run }) => {
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
  minutes(60),
)

afterAll(async () => {
  if (process.env['KEEP'] === undefined) await clear(base.name, base.hostname)
}, minutes(2))
