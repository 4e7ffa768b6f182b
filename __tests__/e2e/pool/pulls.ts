import { expect } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { REGISTRY } from '../../../lab/registry.ts'
import { give, imagesOfPods, openRegistry, underRegistry, withoutImages } from '../from-registry.ts'
import { makeGround, nameGround } from '../ground.ts'
import { expectAllYes, expectHealthy, expectNothingDone } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { type Stack, succeeds } from '../stack.ts'
import type { Case } from './case.ts'

const USER = { username: 'puller', password: 'password-of-the-registry' }
const BYTES_PER_SECOND = 50_000_000

export const pulls: Case[] = [
  {
    name: 'images from a registry that wants credentials: without them it is said; with them all nodes pull ahead of rke',
    from: 'bare',
    deadlineMs: minutes(20),
    async run(stack) {
      const ground = await makeGround(stack)
      await nameGround(stack, ground)
      await using registry = await openRegistry(ground, { bytesPerSecond: BYTES_PER_SECOND, credentials: USER })
      // The lab's containerd, which starts the pods, knows no account of rke's, as a machine with cri-dockerd does.
      for (const host of ground.hosts) await give(host, await imagesOfPods())
      const inputs = { ...ground.inputs, 'rke-config': planesOf(stack), 'airgap-bundle': await withoutImages() }

      const refused = await stack.install(inputs)
      expect(refused.exitCode).toBe(1)
      expect(refused.lines.join('\n')).toMatch(new RegExp(`node-2 could not pull .*${REGISTRY}/rancher-ha-lab/`))
      expect(refused.errors.join('\n')).toMatch(/no basic auth credentials|unauthorized/)
      expect(registry.sentBytes()).toBeLessThan(1_000_000)

      const credentials = `${REGISTRY} ${USER.username} ${USER.password}`
      const done = await succeeds(stack.install({ ...inputs, 'registry-credentials': credentials }))
      expectAllYes(done)
      const told = done.lines.filter((line) => !line.startsWith('::add-mask::')).join('\n')
      expect(told).not.toMatch(/could not pull/)
      expect(told).not.toContain(USER.password)
      const ids = done.plan.map(({ id }) => id)
      expect(ids).toEqual(expect.arrayContaining(['pull-images-node-1', 'pull-images-node-2', 'pull-images-node-3']))
      await expectHealthy(stack)
      const again = await succeeds(stack.install({ ...inputs, 'registry-credentials': credentials }))
      expectNothingDone(again)
    },
  },
]

/** The lab's settings of rke, its own images under the registry's name. */
function planesOf({ installInputs }: Stack): string {
  const config = parse(installInputs()['rke-config'] ?? '') as Record<string, unknown>
  const images = parse(underRegistry(stringify(config['system_images'])))
  return stringify({ ...config, system_images: images }, { lineWidth: 0 })
}
