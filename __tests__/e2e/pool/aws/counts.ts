import { expect } from '@jest/globals'
import { openAccount } from '../../account.ts'
import { machine, on } from '../../eye/machines.ts'
import { expectAllYes, expectHealthy, membersOf } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { failsWith, succeeds } from '../../stack.ts'
import { until } from '../../until.ts'
import type { Case } from '../case.ts'

const FIVE = ['node-1', 'node-2', 'node-3', 'node-4', 'node-5']

export const counts: Case[] = [
  {
    name: 'aws: of five nodes two are too many: nobody leaves around a broken member; then they leave the cluster, and their machines go',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('inner', 'inside')
      expectAllYes(await succeeds(stack.install({ 'node-count': '5' })))
      expect((await membersOf(stack)).map(({ name, healthy }) => [name, healthy])).toEqual(
        FIVE.map((name) => [name, true]),
      )

      await on(await machine(stack.name, 'node-2'), 'docker stop etcd')
      const refused = await failsWith('preflight', stack.install())
      expect(refused.errors.join()).toMatch(/node-4, node-5 can leave only .* not well: node-2/)
      await on(await machine(stack.name, 'node-2'), 'docker start etcd')
      await until('node-2 to be a member again', minutes(2), async () => {
        return (await membersOf(stack)).every(({ healthy }) => healthy)
      })

      const done = await succeeds(stack.install())
      expect(done.plan.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['set-targets-80', 'set-targets-443', 'cluster-up', 'retire-node-4', 'retire-node-5']),
      )
      expectAllYes(done)
      expect([...(await account.instances(stack.name)).keys()].sort()).toEqual(FIVE.slice(0, 3))
      await expectHealthy(stack)
      const again = await account.calls(() => succeeds(stack.install()))
      expect({ plan: again.result.plan, changing: again.changing }).toEqual({ plan: [], changing: [] })
    },
  },
]
