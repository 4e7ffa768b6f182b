import { base, loadBase } from '../__tests__/e2e/base.ts'
import { on } from '../__tests__/e2e/eye/machines.ts'
import { asHosts, type Ground } from '../__tests__/e2e/ground.ts'
import { expectAllYes } from '../__tests__/e2e/healthy.ts'
import { recoverByPage } from '../__tests__/e2e/recovery.ts'
import { succeeds } from '../__tests__/e2e/stack.ts'
import { until } from '../__tests__/e2e/until.ts'
import { backedUp, openVault, type Vault } from '../__tests__/e2e/vault.ts'
import { costOf, needLab, removeGround, secondsOf, underTest } from './lab.ts'
import { median, spread } from './median.ts'
import { inTurns, Runs, say } from './record.ts'
import { writeSection } from './results.ts'

/**
 * From a lost quorum to `status` all yes: `mode: restore`, which saves what the survivor knows, against the commands of
 * docs/recovery.md with a stored snapshot. Machines and their images are there in both cases.
 */
export async function benchQuorum(rounds = 3): Promise<void> {
  await needLab(base)
  const runs = new Runs('quorum', await underTest('quorum'))
  const onLostQuorum = async <T>(work: (vault: Vault, file: string, ground: Ground) => Promise<T>): Promise<T> => {
    await loadBase()
    await using vault = await openVault(base)
    const file = (await backedUp(vault)).outputs['snapshot-path'] ?? ''
    const ground = await asHosts(base)
    for (const host of ground.hosts.slice(1)) await on(host, 'docker rm --force etcd; rm -rf /var/lib/etcd')
    say('the clock starts')
    return await work(vault, file, ground)
  }
  await inTurns(runs, rounds, [
    {
      what: 'action',
      run: () =>
        onLostQuorum(async (vault) => {
          const done = await succeeds(vault.restore())
          expectAllYes(done)
          return costOf(done)
        }),
    },
    {
      what: 'by hand',
      run: () =>
        onLostQuorum((vault, file, ground) =>
          secondsOf(async () => {
            await recoverByPage(base, ground, { file, identity: vault.identity })
            await until(
              'status to be all yes',
              600_000,
              async () => expectAllYes(await succeeds(base.status())) ?? true,
            )
          }),
        ),
    },
  ])
  writeSection('quorum', section(runs))
  await removeGround(base)
}

function section(runs: Runs): string {
  const [action, hand] = ['action', 'by hand'].map((what) => runs.good(what).map(({ seconds }) => seconds))
  const ratio = median(hand ?? []) / median(action ?? [])
  return `| etcd gone on two of three nodes, until \`mode: status\` is all yes | seconds |
| --- | --- |
| \`mode: restore\`: what the survivor knows, with all its proof | ${spread(action ?? [])} |
| the commands of docs/recovery.md, with a stored snapshot, as a script | ${spread(hand ?? [])} |

The action is ${ratio.toFixed(2)} times as fast; aim: not slower. Failed runs: ${runs.failed().length}.
Repeat: \`make lab-up\`, then \`make bench NAME=quorum\`.`
}
