import { expect } from '@jest/globals'
import { openAccount } from '../account.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { succeeds } from '../stack.ts'
import { minutes } from '../stage.ts'
import type { Case } from './case.ts'

/** Provider aws in the lab's cloud: a stand-in for the API, behind which machines, balancers, names and rules are real. */
export const aws: Case[] = [
  {
    name: 'aws: an empty account becomes a proven stack; again nothing changes; destroy leaves the account as it was',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const before = await account.world()
      const stack = account.stack('inner', 'inside')

      const first = await succeeds(stack.install())
      expectAllYes(first)
      await expectHealthy(stack)
      const instances = (await account.cloud.moto.instances()).filter(({ state }) => state === 'running')
      expect(new Set(instances.map(({ zone }) => zone)).size).toBe(3)

      const again = await account.calls(() => succeeds(stack.install()))
      expect({ changed: again.result.outputs['changed'], plan: again.result.plan }).toEqual({
        changed: 'false',
        plan: [],
      })
      expectAllYes(again.result)
      expect(again.changing).toEqual([])
      expect(again.all.length).toBeLessThanOrEqual(40)

      await succeeds(stack.destroy())
      expect(await account.world()).toEqual(before)
    },
  },
]
