import { readFile } from 'node:fs/promises'
import { base, loadBase } from '../__tests__/e2e/base.ts'
import { expectHealthy } from '../__tests__/e2e/healthy.ts'
import { type Done, failsWith } from '../__tests__/e2e/stack.ts'
import { told } from '../__tests__/e2e/upgraded.ts'
import { openVault } from '../__tests__/e2e/vault.ts'
import { BROKEN } from '../lab/versions.ts'
import { needLab, removeGround, underTest } from './lab.ts'
import { spread } from './median.ts'
import { inTurns, Runs, say } from './record.ts'
import { writeSection } from './results.ts'

const RUNGS = [
  { rung: 'rung 1', what: 'an image that does not exist: `helm rollback`', release: BROKEN.noImage },
  { rung: 'rung 2', what: 'a Rancher that rewrites its data and dies: etcd as it was', release: BROKEN.rewrites },
]

/** How long a bad version is on its way, and how long it then takes to be back, proven, by rung. */
export async function benchWaysBack(rounds = 2): Promise<void> {
  await needLab(base)
  const runs = new Runs('ways-back', await underTest('ways-back'))
  await inTurns(
    runs,
    rounds,
    RUNGS.map(({ rung, release }) => ({
      what: rung,
      run: async () => {
        await loadBase()
        await using vault = await openVault(base)
        say('the clock starts')
        const done = await failsWith('rancher', vault.upgrade({ 'rancher-version': release }))
        if (!told(done).includes(rung)) throw new Error(`expected ${rung}: ${done.logFile}`)
        await expectHealthy(base)
        return await secondsBack(done)
      },
    })),
  )
  writeSection('ways-back', section(runs))
  await removeGround(base)
}

/** From the moment the upgrade was given up to the end of the run; the rest is the upgrade itself. */
async function secondsBack({ logFile, durationMs }: Done): Promise<{ seconds: number }> {
  const lines = (await readFile(logFile, 'utf8')).split('\n')
  const failed = lines.find((line) => /^ *[\d.]+ ✗ /.test(line))
  if (failed === undefined) throw new Error(`no step failed: ${logFile}`)
  return { seconds: durationMs / 1000 - Number.parseFloat(failed) }
}

function section(runs: Runs): string {
  const rows = RUNGS.map(
    ({ rung, what }) => `| ${rung}, ${what} | ${spread(runs.good(rung).map(({ seconds }) => seconds))} |`,
  )
  return `| back from a bad version | seconds |
| --- | --- |
${rows.join('\n')}

From the moment the new version is given up until the former one is proven several times in a row and the run has ended.
Failed runs: ${runs.failed().length}. Repeat: \`make lab-up\`, then \`make bench NAME=ways-back\`.`
}
