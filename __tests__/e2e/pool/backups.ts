import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { makeDisk } from '../../runner/disk.ts'
import { atStep } from '../at-step.ts'
import { output } from '../eye/command.ts'
import { type Machine, machine, machines, on } from '../eye/machines.ts'
import { membersOf, untilHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { failsWith, type Stack, succeeds } from '../stack.ts'
import { backedUp, openVault } from '../vault.ts'
import { when } from '../when.ts'
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
    name: "backup: the runner's disk full: told, nothing half is kept, and a retry succeeds",
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      await using vault = await openVault(stack)
      const before = await containerNames(stack)
      await using disk = await makeDisk()
      await output('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'full', disk.temp])
      await mkdir(join(disk.temp, '_github_workflow'))
      await writeFile(join(disk.temp, '_github_workflow', 'event.json'), '{}')
      const refused = await failsWith('preflight', vault.backup({}, { disk }))
      await output('umount', ['--lazy', disk.temp])
      expect(refused.errors.join('\n')).toMatch(/this machine: expected .* MiB free for a snapshot, got \d MiB/)
      expect(await vault.files()).toEqual([])
      expect(await containerNames(stack)).toEqual(before)
      await backedUp(vault)
    },
  },
  {
    name: 'backup: the leader lost in the middle: a good one or none, and a retry succeeds',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      await using vault = await openVault(stack)
      const before = await containerNames(stack)
      const leader = (await membersOf(stack)).find((each) => each.leader)?.name ?? ''
      const node = await machine(stack.name, leader)
      const meanwhile = when(/\] Take a snapshot/, () => on(node, 'docker stop --time 0 etcd'))
      const run = await vault.backup({}, meanwhile)
      await meanwhile.happened()
      expect(await vault.files()).toHaveLength(run.exitCode === 0 ? 1 : 0)
      await on(node, 'docker start etcd')
      await untilHealthy(stack, minutes(4))
      expect(await containerNames(stack)).toEqual(before)
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
        const first = await vault.backup({}, { cancel: atStep(title), runId: '1001' })
        expect(first.leftovers).toEqual([])
        const kept = await vault.files()
        const next = await succeeds(vault.backup({ 'wait-for-lease': '5m' }, { runId: '1002' }))
        expect(await vault.files()).toHaveLength(kept.length + 1)
        expect(next.outputs['changed']).toBe('true')
      }
    },
  },
]

/** Names of the containers on each node: no run leaves one more. */
async function containerNames(stack: Stack): Promise<string[]> {
  const names = (node: Machine) => on(node, "docker ps --all --format '{{.Names}}' | sort")
  return await Promise.all((await machines(stack.name)).map(names))
}
