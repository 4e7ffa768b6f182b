import { expect } from '@jest/globals'
import { trackedProcesses } from '../../runner/processes.ts'
import { machine, wipe } from '../eye/machines.ts'
import { traces } from '../eye/traces.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { act, type Done, failsWith, type Stack, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

/** A line that is written only under the lease: the first step that changes something. */
const changing = /\[\d+\/\d+\] /

export const leases: Case[] = [
  {
    name: 'two installs at once: one works, the other fails with kind lease',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      const before = await expectHealthy(stack)
      await wipe(await machine(stack.name, 'node-2'))
      const { first, second } = await twoAtOnce(stack, '0')
      await failsWith('lease', Promise.resolve(second))
      expectAllYes(await succeeds(Promise.resolve(first)))
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'two installs at once: the other waits as asked, and then finds nothing to do',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      await wipe(await machine(stack.name, 'node-2'))
      const { first, second } = await twoAtOnce(stack, '15m')
      expect((await succeeds(Promise.resolve(first))).outputs['changed']).toBe('true')
      expect((await succeeds(Promise.resolve(second))).outputs['changed']).toBe('false')
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'two first installs at once: one makes the stack, the other fails with kind lease',
    from: 'bare',
    deadlineMs: minutes(20),
    async run(stack) {
      const { first, second } = await twoAtOnce(stack, '0')
      await failsWith('lease', Promise.resolve(second))
      expectAllYes(await succeeds(Promise.resolve(first)))
      await expectHealthy(stack)
    },
  },
  {
    name: 'a holder stopped past its expiry and continued changes nothing',
    from: 'healthy',
    deadlineMs: minutes(25),
    async run(stack) {
      const before = await expectHealthy(stack)
      await wipe(await machine(stack.name, 'node-2'))
      const stopped = Promise.withResolvers<string>()
      const sleeper = act(`${stack.name}-sleeper`, stack.installInputs(), {
        runId: '1001',
        onStart: (trackingId) => stopped.resolve(trackingId),
        onLine: async (line) => {
          if (changing.test(line))
            for (const { pid } of await trackedProcesses(await stopped.promise)) process.kill(pid, 'SIGSTOP')
        },
      })
      const taker = await succeeds(stack.install({ 'wait-for-lease': '10m' }, { runId: '1002' }))
      expectAllYes(taker)
      const after = await traces(stack.name)
      for (const { pid } of await trackedProcesses(await stopped.promise)) process.kill(pid, 'SIGCONT')
      await failsWith('lease', sleeper)
      expect(await traces(stack.name)).toEqual(after)
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
]

/** Starts the second run the moment the first has begun to change something. */
async function twoAtOnce(stack: Stack, wait: string): Promise<{ first: Done; second: Done }> {
  const begun = Promise.withResolvers<void>()
  const first = stack.install(
    {},
    { runId: '1001', label: 'first', onLine: (line) => changing.test(line) && begun.resolve() },
  )
  await Promise.race([begun.promise, first])
  const second = await stack.install({ 'wait-for-lease': wait }, { runId: '1002', label: 'second' })
  return { first: await first, second }
}
