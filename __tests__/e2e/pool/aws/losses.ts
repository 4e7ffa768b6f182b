import { expect } from '@jest/globals'
import { openAccount } from '../../account.ts'
import { readMarker, writeMarker } from '../../eye/rancher.ts'
import { expectAllYes, expectHealthy } from '../../healthy.ts'
import { minutes } from '../../minutes.ts'
import { succeeds } from '../../stack.ts'
import { backedUp, openVault } from '../../vault.ts'
import type { Case } from '../case.ts'

export const losses: Case[] = [
  {
    name: 'aws: everything gone but the snapshot file: restore into the empty account',
    from: 'bare',
    deadlineMs: minutes(15),
    async run() {
      await using account = await openAccount()
      const empty = await account.world()
      const stack = account.stack('inner', 'inside')
      await using vault = await openVault(stack, stack)
      expectAllYes(await succeeds(stack.install()))
      const seen = await expectHealthy(stack)
      await writeMarker(stack.view, stack.password, 'all there is')
      const backup = await backedUp(vault)
      await succeeds(stack.destroy())
      expect(await account.world()).toEqual(empty)

      const from = { 'restore-from': `file:${backup.outputs['snapshot-path']}` }
      const done = await succeeds(vault.restore(from))
      expectAllYes(done)
      const after = await expectHealthy(stack)
      expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: seen.uid, ca: seen.ca })
      expect(await readMarker(stack.view, stack.password)).toBe('all there is')
    },
  },
]
