import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { repositoryFolder } from '../runner/action-file.ts'
import { base, loadBase } from './base.ts'
import { clear } from './eye/machines.ts'
import { choose, families, pool, sampled } from './pool/pool.ts'
import { minutes, within } from './stage.ts'

/** SEED= repeats a sample, ONLY= names cases by a part of their sentence, SOAK=1 runs all, SAMPLE= so many. */
const seed = process.env['SEED'] ?? String(Date.now() % 100_000)
const soak = process.env['SOAK'] !== undefined
const count = soak ? pool.length : Number(process.env['SAMPLE'] ?? 3)
const only = process.env['ONLY']
const chosen = choose(soak || only !== undefined ? families : sampled, { seed, count, only })
const table = join(repositoryFolder, '.out', soak ? 'soak.md' : 'sample.md')

mkdirSync(join(repositoryFolder, '.out'), { recursive: true })
writeFileSync(table, `| case | result | seconds |\n|---|---|---|\n`)
process.stderr.write(`SEED=${seed}: ${chosen.length} of ${pool.length} cases\n`)

test('there is a case to run', () => {
  expect(chosen.map((each) => each.name)).not.toEqual([])
})

test.each(chosen)(
  '$name',
  async ({ name, from, deadlineMs, run }) => {
    let startedAt = Date.now()
    const tell = (result: string) => {
      const line = `| ${name} | ${result} | ${Math.round((Date.now() - startedAt) / 1000)} |\n`
      appendFileSync(table, line)
      process.stderr.write(`  ${line}`)
    }
    try {
      if (from === 'healthy') await loadBase()
      else await clear(base.name, base.hostname)
      startedAt = Date.now()
      await within(deadlineMs, run(base))
      tell('passed')
    } catch (failure) {
      tell('**failed**')
      throw failure
    }
  },
  minutes(60),
)

afterAll(async () => {
  if (process.env['KEEP'] === undefined) await clear(base.name, base.hostname)
}, minutes(2))
