import { expect } from '@jest/globals'
import { machine, machines, on } from '../eye/machines.ts'
import { failsWith, succeeds } from '../stack.ts'
import { minutes } from '../stage.ts'
import { backedUp, openVault } from '../vault.ts'
import type { Case } from './case.ts'

export const backups: Case[] = [
  {
    name: 'backup: a node down: the copy of another is good, and the run says which',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      await using vault = await openVault(stack)
      await on(await machine(stack.name, 'node-1'), 'docker stop etcd')
      await backedUp(vault)
      await on(await machine(stack.name, 'node-1'), 'docker start etcd')
    },
  },
  {
    name: 'backup: a full disk on a node is told before etcd feels it, and a retry succeeds',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      await using vault = await openVault(stack)
      const node = await machine(stack.name, 'node-2')
      const folder = '/opt/rke/etcd-snapshots'
      await on(node, `mkdir -p ${folder} && mount -t tmpfs -o size=1m full ${folder}`)
      const refused = await failsWith('preflight', vault.backup())
      await on(node, `umount --lazy ${folder}`)
      expect(refused.errors.join('\n')).toMatch(/node-2: expected .* free/)
      expect(await vault.files()).toEqual([])
      await backedUp(vault)
    },
  },
  {
    name: 'backup: of our own snapshots the newest two stay on the nodes',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      await using vault = await openVault(stack)
      for (let count = 0; count < 3; count += 1) await backedUp(vault)
      for (const node of await machines(stack.name)) {
        expect(await on(node, 'ls /opt/rke/etcd-snapshots | grep -c ^rancher-ha_')).toBe('2')
        expect(await on(node, 'ls /etc/kubernetes | grep -c ^rancher-ha_')).toBe('2')
      }
    },
  },
  {
    name: 'backup cancelled at each step: no half file is listed, a retry succeeds',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      await using vault = await openVault(stack)
      for (const title of ['Make the key', 'Take a snapshot', 'Verify it', 'Remove older snapshots']) {
        const first = await vault.backup({}, { cancel: { onLine: new RegExp(`\\] ${title}`) }, runId: '1001' })
        expect(first.leftovers).toEqual([])
        const kept = await vault.files()
        const next = await succeeds(vault.backup({ 'wait-for-lease': '5m' }, { runId: '1002' }))
        expect(await vault.files()).toHaveLength(kept.length + 1)
        expect(next.outputs['changed']).toBe('true')
      }
    },
  },
]
