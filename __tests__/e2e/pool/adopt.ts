import { expect } from '@jest/globals'
import { installByHand } from '../documented.ts'
import { containersOf } from '../eye/traces.ts'
import { makeGround, nameGround } from '../ground.ts'
import { expectAllYes, expectCluster, expectHealthy, expectNothingDone } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { succeeds } from '../stack.ts'
import type { Case } from './case.ts'

export const adopt: Case[] = [
  {
    name: 'a cluster made by bare rke up is adopted: no container restarted, and then an empty plan',
    from: 'bare',
    deadlineMs: minutes(20),
    async run(stack) {
      const ground = await makeGround(stack)
      await nameGround(stack, ground)
      await installByHand(stack, ground)
      const before = await expectCluster(stack)
      const running = await containersOf(stack.name)
      const adopted = await succeeds(stack.install(ground.inputs))
      expectAllYes(adopted)
      expect(adopted.plan.map((step) => step.id)).not.toContain('cluster-up')
      expect(await containersOf(stack.name)).toEqual(running)
      expect(await expectHealthy(stack)).toEqual(before)
      const again = await succeeds(stack.install(ground.inputs))
      expectNothingDone(again)
    },
  },
]
