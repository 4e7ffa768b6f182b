import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { repositoryFolder } from '../../runner/action-file.ts'
import { docker } from '../eye/docker.ts'
import { machines, on } from '../eye/machines.ts'
import { containersOf } from '../eye/traces.ts'
import { asHosts } from '../ground.ts'
import { expectAllYes, expectHealthy, expectNothingDone, untilHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { inFolder, recoverByPage } from '../recovery.ts'
import { failsWith, succeeds } from '../stack.ts'
import { backedUp, openVault } from '../vault.ts'
import type { Case } from './case.ts'

export const state: Case[] = [
  {
    name: 'all state folders deleted on a live cluster: recovered, no container restarted',
    from: 'healthy',
    deadlineMs: minutes(10),
    async run(stack) {
      const before = await expectHealthy(stack)
      const running = await containersOf(stack.name)
      for (const node of await machines(stack.name)) await on(node, 'rm -rf /var/lib/rancher-ha')
      expectAllYes(await succeeds(stack.install()))
      expect(await expectHealthy(stack)).toEqual(before)
      expect(await containersOf(stack.name)).toEqual(running)
      const again = await succeeds(stack.install())
      expectNothingDone(again)
    },
  },
  {
    name: 'a new CA made by hand: refused beside the state of the former one, then taken over',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      const file = (await backedUp(vault)).outputs['snapshot-path'] ?? ''
      // The state and a cluster.yml, as who works by hand has them.
      const byHand = await recoverByPage(stack, await asHosts(stack), { file, identity: vault.identity }, [1, 2, 3, 4])
      const { folder } = byHand
      const page = await readFile(join(repositoryFolder, 'docs', 'upgrade.md'), 'utf8')
      const [, commands = ''] = /^## A CA that ends\n.*?^```sh\n(.*?)^```$/ms.exec(page) ?? []
      await inFolder(byHand, commands)
      await untilHealthy(stack, minutes(5))
      const refused = await failsWith('preflight', stack.install())
      expect(refused.errors.join('\n')).toMatch(/another CA/)

      for (const node of await machines(stack.name)) await on(node, `rm /var/lib/rancher-ha/${stack.name}/stack.json`)
      const state = await readFile(join(folder, 'cluster.rkestate'), 'utf8')
      expectAllYes(await succeeds(stack.install({ 'rke-state': state })))
      const after = await expectHealthy(stack)
      expect(after.uid).toBe(before.uid)
      expect(after.ca).not.toBe(before.ca)
      const again = await succeeds(stack.install())
      expectNothingDone(again)
    },
  },
  {
    name: 'a stack that remembers a cluster and has none is refused, not made anew',
    from: 'healthy',
    deadlineMs: minutes(5),
    async run(stack) {
      const nodes = await machines(stack.name)
      for (const node of nodes) await on(node, lose)
      const refused = await failsWith('preflight', stack.install())
      expect(refused.errors.join('\n')).toMatch(/restore/)
      expect(refused.errors.join('\n')).toMatch(/new-cluster/)
      for (const node of nodes) expect(await on(node, 'docker ps --quiet')).toBe('')
    },
  },
  {
    name: 'every machine lost: the memory outside the nodes refuses an empty Rancher',
    from: 'healthy',
    deadlineMs: minutes(5),
    async run(stack) {
      const nodes = await machines(stack.name)
      await docker('rm', '--force', ...nodes.map((node) => node.container))
      const volumes = await docker('volume', 'ls', '--quiet', '--filter', `label=rancher-ha/stack=${stack.name}`)
      const lost = volumes.split('\n').filter((volume) => /node-\d+-var$/.test(volume))
      await docker('volume', 'rm', ...lost)
      const refused = await failsWith('preflight', stack.install())
      expect(refused.errors.join('\n')).toMatch(/new-cluster/)
      expect(await machines(stack.name)).toEqual([])
    },
  },
]

/** What a node has of a cluster: containers, etcd's data, certificates, state. */
const lose = `docker ps --all --quiet | xargs -r docker rm --force >/dev/null
rm -rf /var/lib/etcd /etc/kubernetes /var/lib/rancher-ha`
