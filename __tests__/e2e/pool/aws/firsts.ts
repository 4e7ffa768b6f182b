import { expect } from '@jest/globals'
import { openAccount } from '../../account.ts'
import { expectAllYes, expectHealthy, expectNothingDone } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { succeeds } from '../../stack.ts'
import type { Case } from '../case.ts'

export const firsts: Case[] = [
  {
    name: 'aws: an empty account becomes a proven stack; again nothing changes; destroy leaves the account as it was',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const before = await account.world()
      const stack = account.stack('inner', 'inside')
      expectAllYes(await succeeds(stack.install()))
      await expectHealthy(stack)
      const instances = [...(await account.instances(stack.name)).values()]
      expect(new Set(instances.map(({ zone }) => zone)).size).toBe(3)
      const [balancer] = await account.cloud.moto.balancers()
      const health = await Promise.all(
        (balancer?.listeners ?? []).map(({ group }) =>
          account.elb.describeTargetHealth({ TargetGroupArn: group?.arn }),
        ),
      )
      const states = health.flatMap(({ TargetHealthDescriptions }) => TargetHealthDescriptions ?? [])
      expect(states.map(({ TargetHealth }) => TargetHealth?.State)).toEqual(Array(6).fill('healthy'))

      const again = await account.calls(() => succeeds(stack.install()))
      expectNothingDone(again.result)
      expectAllYes(again.result)
      expect(again.changing).toEqual([])
      expect(again.all.length).toBeLessThanOrEqual(20)

      await succeeds(stack.destroy())
      expect(await account.world()).toEqual(before)
    },
  },
  {
    name: 'aws: two first installs at once make one stack: the second waits, and finds nothing to do',
    from: 'bare',
    deadlineMs: minutes(14),
    async run() {
      await using account = await openAccount()
      const stack = account.stack('twice', 'inside')
      const begun = Promise.withResolvers<void>()
      const first = stack.install(
        {},
        { runId: '1001', onLine: (line) => /\] Create the/.test(line) && begun.resolve() },
      )
      await Promise.race([begun.promise, first])
      const second = stack.install({ 'wait-for-lease': '12m' }, { runId: '1002', label: 'twice-second' })
      expect((await succeeds(first)).outputs['changed']).toBe('true')
      expect((await succeeds(second)).outputs['changed']).toBe('false')
      expect([...(await account.instances(stack.name)).keys()].sort()).toEqual(['node-1', 'node-2', 'node-3'])
      expect(await account.cloud.moto.balancers()).toHaveLength(1)
      await expectHealthy(stack)
    },
  },
]
