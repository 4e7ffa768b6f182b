import { base, loadOlder } from '../__tests__/e2e/base.ts'
import { helmUpgrade, loadImages, rkeUp } from '../__tests__/e2e/documented.ts'
import { asHosts } from '../__tests__/e2e/ground.ts'
import { expectAllYes, untilHealthy } from '../__tests__/e2e/healthy.ts'
import { startLoad } from '../__tests__/e2e/load/load.ts'
import { makeStateOurs, recoverByPage } from '../__tests__/e2e/recovery.ts'
import { succeeds } from '../__tests__/e2e/stack.ts'
import { currentInputs, expectCurrent } from '../__tests__/e2e/upgraded.ts'
import { backedUp, openVault, type Vault } from '../__tests__/e2e/vault.ts'
import { costOf, needLab, removeGround, secondsOf, underTest } from './lab.ts'
import { median, spread } from './median.ts'
import { inTurns, type Measured, Runs, say } from './record.ts'
import { writeSection } from './results.ts'

/**
 * Kubernetes 1.31 to 1.32 and a patch of Rancher under a steady load: `mode: upgrade`, which takes a snapshot first and
 * proves every step, against `docker load`, `rke up` and `helm upgrade --install --wait`.
 */
export async function benchUpgrade(rounds = 2): Promise<void> {
  await needLab(base)
  const runs = new Runs('upgrade', await underTest('upgrade'))
  await inTurns(runs, rounds, [
    {
      what: 'action',
      run: () =>
        onOlder(async (vault) => {
          const done = await succeeds(vault.upgrade(currentInputs(base)))
          expectAllYes(done)
          return costOf(done)
        }),
    },
    {
      what: 'by hand',
      run: () =>
        onOlder(async (vault) => {
          const file = (await backedUp(vault)).outputs['snapshot-path'] ?? ''
          const ground = await asHosts(base)
          const byHand = await recoverByPage(base, ground, { file, identity: vault.identity }, [1, 2, 3, 4])
          await makeStateOurs(byHand)
          return secondsOf(async () => {
            for (const host of ground.hosts) await loadImages(host)
            await rkeUp(byHand)
            await helmUpgrade(byHand)
            await untilHealthy(base, 600_000, 1)
          })
        }),
    },
  ])
  writeSection('upgrade', section(runs))
  await removeGround(base)
}

async function onOlder<Cost extends object>(upgrade: (vault: Vault) => Promise<Cost>) {
  await loadOlder()
  await using vault = await openVault(base)
  await using load = await startLoad(base)
  say('the clock starts')
  const cost = await upgrade(vault)
  const { sent, failed, longestGapMs } = await load.stop()
  say(`${sent} requests, ${failed} failed, longest gap ${longestGapMs} ms`)
  await expectCurrent(base)
  return { ...cost, load: { sent, failed, longestGapMs } }
}

function section(runs: Runs): string {
  const rows = ['action', 'by hand'].map((what) => runs.good(what))
  const [action, hand] = rows.map((good) => median(good.map(({ seconds }) => seconds)))
  const row = (good: Measured[]) =>
    `${spread(good.map(({ seconds }) => seconds))} | ${of(good, ({ failed, sent }) => `${failed} of ${sent}`)} | ${of(good, ({ longestGapMs }) => `${longestGapMs}`)}`
  return `| 1.31 to 1.32, and a patch of Rancher | seconds | failed requests, each run | longest gap, ms |
| --- | --- | --- | --- |
| \`mode: upgrade\`, with a verified snapshot and all its proof | ${row(rows[0] ?? [])} |
| \`docker load\`, \`rke up\`, \`helm upgrade --install --wait\` | ${row(rows[1] ?? [])} |

Twenty requests a second through the load balancer, half of them on new connections. The action takes ${((action ?? 0) / (hand ?? 1)).toFixed(2)} times as long.
Failed runs: ${runs.failed().length}. Repeat: \`make lab-up\`, then \`make bench NAME=upgrade\`.`
}

function of(good: Measured[], tell: (load: NonNullable<Measured['load']>) => string): string {
  return good.flatMap(({ load }) => (load === undefined ? [] : [tell(load)])).join(', ')
}
