import { expect } from '@jest/globals'
import { BROKEN, VERSIONS } from '../../../lab/versions.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { createDownstream, readMarker, writeMarker } from '../eye/rancher.ts'
import { rancherVersion } from '../eye/versions.ts'
import { expectAllYes, expectHealthy, expectNothingLeft } from '../healthy.ts'
import { startLoad, startWriter } from '../load/load.ts'
import { minutes } from '../minutes.ts'
import { type Done, failsWith, type Stack, succeeds } from '../stack.ts'
import { lost, tellLoad, tellWriter, told } from '../upgraded.ts'
import { openVault } from '../vault.ts'
import { when } from '../when.ts'
import type { Case } from './case.ts'

/** The release whose pods never serve, and what the run says of them. */
const neverServe: Record<string, { release: string; why: RegExp }> = {
  'whose image does not exist': { release: BROKEN.noImage, why: /ImagePull|ErrImage/ },
  'that crashes at its start': { release: BROKEN.crash, why: /CrashLoopBackOff|it ended \d+ times/ },
  'that is never ready': { release: BROKEN.neverReady, why: /not ready|was never ready/ },
}

const rolledBack = ([what, { release, why }]: [string, (typeof neverServe)[string]]): Case => ({
  name: `upgrade to a Rancher ${what}: rolled back, no data touched, and no user notices`,
  from: 'healthy',
  deadlineMs: minutes(25),
  async run(stack) {
    const before = await expectHealthy(stack)
    await using vault = await openVault(stack)
    await using load = await startLoad(stack)
    await using writer = await startWriter(stack)
    const run = await failsWith('rancher', vault.upgrade({ 'rancher-version': release }))
    const [users, written] = [await load.stop(), await writer.stop()]
    tellLoad('beside a bad release', users)
    tellWriter('beside a bad release', written)
    expect(told(run)).toMatch(/rung 1/)
    expect(told(run)).toMatch(why)
    expect(told(run)).toMatch(/Nothing that was written is lost/)

    expect(await expectHealthy(stack)).toEqual(before)
    expect(await rancherVersion(stack.view)).toBe(`v${VERSIONS.rancher}`)
    expectAllYes(await succeeds(stack.status()))
    expect(await lost(written, await openKubectl(stack.name))).toEqual([])
    expect(written.acknowledged.length).toBeGreaterThan(20)
    expect(users.failures).toEqual([])
    await expectNothingLeft(stack)
  },
})

const mark = (stack: Stack, marker: string) => writeMarker(stack.view, stack.password, marker)

/** Each name on a line that tells what is lost. */
function expectNamed(names: string[], run: Done): void {
  const text = told(run)
  expect(names.filter((name) => !text.includes(`configmaps default/${name}`))).toEqual([])
}

export const badRancher: Case[] = [
  ...Object.entries(neverServe).map(rolledBack),
  {
    name: 'upgrade to a Rancher that rewrites its data and dies: etcd as it was, and every lost object is named',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await mark(stack, 'before the upgrade')
      await using writer = await startWriter(stack)
      const run = await failsWith('rancher', vault.upgrade({ 'rancher-version': BROKEN.rewrites }))
      const written = await writer.stop()
      tellWriter('beside a bad release', written)
      expect(told(run)).toMatch(/rung 2/)

      const { uid, ca } = await expectHealthy(stack)
      expect({ uid, ca }).toEqual({ uid: before.uid, ca: before.ca })
      expect(await rancherVersion(stack.view)).toBe(`v${VERSIONS.rancher}`)
      expect(await readMarker(stack.view, stack.password)).toBe('before the upgrade')
      expectAllYes(await succeeds(stack.status()))
      const gone = await lost(written, await openKubectl(stack.name))
      expect(gone.length).toBeGreaterThan(0)
      expectNamed(gone, run)
      // The point of return, and what was given up for it.
      expect(await vault.files()).toHaveLength(2)
      await expectNothingLeft(stack)
    },
  },
  {
    name: 'upgrade to a bad Rancher, a downstream cluster made meanwhile: stops, and says what a restore would lose',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      await expectHealthy(stack)
      await using vault = await openVault(stack)
      let cluster = ''
      const meanwhile = when(/\] Upgrade Rancher/, async () => {
        cluster = await createDownstream(stack.view, stack.password, 'shop')
      })
      const run = await failsWith('rancher', vault.upgrade({ 'rancher-version': BROKEN.rewrites }, meanwhile))
      await meanwhile.happened()
      expect(told(run)).toMatch(/the way back stops here/)
      expect(told(run)).toContain(`management.cattle.io/clusters ${cluster}`)
      expect(told(run)).toMatch(/mode: restore/)
      const kubectl = await openKubectl(stack.name)
      expect(await kubectl('get', 'clusters.management.cattle.io', '-o', 'name')).toContain(`/${cluster}`)
      expect(await vault.files()).toHaveLength(2)
    },
  },
  {
    name: 'upgrade to a bad Rancher with on-failure: keep: left as it stands, and the next upgrade goes on from there',
    from: 'healthy',
    deadlineMs: minutes(25),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      const kept = { 'rancher-version': BROKEN.crash, 'on-failure': 'keep' }
      const run = await failsWith('rancher', vault.upgrade(kept))
      expect(told(run)).toMatch(/on-failure: keep/)
      const kubectl = await openKubectl(stack.name)
      const image = 'jsonpath={.spec.template.spec.containers[0].image}'
      expect(await kubectl('-n', 'cattle-system', 'get', 'deployment/rancher', '-o', image)).toContain(BROKEN.crash)

      expectAllYes(await succeeds(vault.upgrade({ 'rancher-version': NEWEST })))
      expect(await expectHealthy(stack)).toEqual(before)
      expect(await rancherVersion(stack.view)).toBe(`v${NEWEST}`)
    },
  },
]

/** A release after all bad ones. */
const NEWEST = '2.11.4'
