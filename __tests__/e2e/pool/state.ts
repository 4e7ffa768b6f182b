import { expect } from '@jest/globals'
import { docker } from '../eye/docker.ts'
import { machines, on } from '../eye/machines.ts'
import { containersOf } from '../eye/traces.ts'
import { expectAllYes, expectHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { failsWith, succeeds } from '../stack.ts'
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
      expect({ changed: again.outputs['changed'], plan: again.plan }).toEqual({ changed: 'false', plan: [] })
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
