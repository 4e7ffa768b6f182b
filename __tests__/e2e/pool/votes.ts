import { expect } from '@jest/globals'
import { cut } from '../../../lab/faults/network.ts'
import { defaultRepository } from '../../runner/environment.ts'
import { trackedProcesses } from '../../runner/processes.ts'
import { machine, machines, on, wipe } from '../eye/machines.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { act, failsWith, type Stack, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

export const votes: Case[] = [
  {
    name: 'a node rebuilt during a lease gives no second majority',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await wipe(await machine(stack.name, 'node-3'))
      // The new node-3 stands, the old ones hold the lease, and its holder falls asleep.
      const sleeper = await fallAsleepAt(stack, /\] (Load|Pull) images on node-3/)
      expect(await leaseOn(stack, 'node-1')).toContain('"run":"1001"')
      expect(await leaseOn(stack, 'node-2')).toContain('"run":"1001"')
      expect(await leaseOn(stack, 'node-3')).toBe('')
      {
        const lost = { stack: { name: stack.name, owner: defaultRepository.id }, machine: 'node-1' }
        await using _cut = await cut(lost)
        // Long after the lease has expired there are still two of three nodes to be had, and one of them is nobody's vote.
        const refused = await failsWith('lease', stack.destroy({ 'wait-for-lease': '150s' }, { runId: '1002' }))
        expect(refused.errors.join('\n')).toMatch(/node-1 did not answer, and node-3 has no record of it/)
      }
      expect((await machines(stack.name)).map((node) => node.running)).toEqual([true, true, true])
      expect(await leaseOn(stack, 'node-3')).toBe('')

      // With the majority back the next run takes over, and the sleeper changes nothing when it wakes.
      expectAllYes(await succeeds(stack.install({ 'wait-for-lease': '5m' }, { runId: '1003' })))
      await sleeper.wake()
      await failsWith('lease', sleeper.run)
      const after = await expectHealthy(stack)
      expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: before.uid, ca: before.ca })
    },
  },
]

/** An install that is stopped, with all that it started, when its log comes to a line. */
async function fallAsleepAt(stack: Stack, line: RegExp) {
  const asleep = Promise.withResolvers<string>()
  let sleeps = false
  let trackingId = ''
  const signalAll = async (name: NodeJS.Signals) => {
    for (const { pid } of await trackedProcesses(trackingId)) process.kill(pid, name)
  }
  const run = act(`${stack.name}-sleeper`, stack.installInputs(), {
    runId: '1001',
    onStart: (id) => {
      trackingId = id
    },
    onLine: async (text) => {
      // A run that has been woken tells of the step it slept in.
      if (sleeps || !line.test(text)) return
      sleeps = true
      await signalAll('SIGSTOP')
      asleep.resolve(text)
    },
  })
  await Promise.race([asleep.promise, run.then(() => Promise.reject(new Error('the run ended before it fell asleep')))])
  return { run, wake: () => signalAll('SIGCONT') }
}

/** What a node says of the lease; empty when it has no record. */
async function leaseOn(stack: Stack, node: string): Promise<string> {
  return on(await machine(stack.name, node), `cat /var/lib/rancher-ha/${stack.name}/lease.json 2>/dev/null || true`)
}
