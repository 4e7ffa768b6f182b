import { afterAll, beforeAll, expect } from '@jest/globals'
import { OLDER_INPUTS } from '../../lab/settings.ts'
import { base, keepBase, keepOlder } from './base.ts'
import { docker } from './eye/docker.ts'
import { clusterUid, openKubectl, readyNodes } from './eye/kubernetes.ts'
import { clear, everything, machine, wipe } from './eye/machines.ts'
import { readMarker, writeMarker } from './eye/rancher.ts'
import { traces } from './eye/traces.ts'
import { curl } from './eye/web.ts'
import {
  expectAllYes,
  expectHealthy,
  expectNothingDone,
  expectRancherAnswers,
  membersOf,
  type Seen,
  untilHealthy,
} from './healthy.ts'
import { startLoad, startWriter } from './load/load.ts'
import { minutes } from './minutes.ts'
import { type Done, succeeds } from './stack.ts'
import { stage } from './stage.ts'
import { until } from './until.ts'
import { currentInputs, expectCurrent, expectOlder, lost, tellLoad, tellWriter } from './upgraded.ts'
import { backedUp, openVault, type Vault } from './vault.ts'

const stack = base
/**
 * A connection that is on its way to a replica in the instant it ends is lost: its client waits in vain, and asks again.
 * How many there were, and which, is told with every run.
 */
const LOST_SHARE = 0.01

/** As the life begins: what is yet to be upgraded. */
const older = (changed: Record<string, string> = {}) => stack.install({ ...OLDER_INPUTS, ...changed })
const nodes = ['node-1', 'node-2', 'node-3']
let before: Awaited<ReturnType<typeof everything>>
let first: Done
let seen: Seen
let vault: Vault

beforeAll(async () => {
  await clear(stack.name, stack.hostname)
  before = await everything()
}, minutes(2))

afterAll(async () => {
  await vault?.[Symbol.asyncDispose]()
  if (process.env['KEEP'] === undefined) await clear(stack.name, stack.hostname)
}, minutes(2))

stage('bare: status and destroy find nothing, a dry run makes nothing', minutes(2), async () => {
  const status = await stack.status()
  expect(status.exitCode).toBe(1)
  const destroy = await succeeds(stack.destroy())
  expect(destroy.outputs['changed']).toBe('false')
  const dry = await succeeds(older({ 'dry-run': 'true' }))
  expect(dry.outputs['changed']).toBe('false')
  expect(dry.plan.length).toBeGreaterThan(3)
  expect(await everything()).toEqual(before)
})

stage('bare: a new stack must be told its distribution', minutes(1), async () => {
  const done = await older({ distribution: '' })
  expect(done.exitCode).toBe(1)
  expect(done.errors.join()).toMatch(/distribution: .*rke/)
  expect(await everything()).toEqual(before)
})

stage('install: three nodes, three members, three replicas, proven and seen', minutes(15), async () => {
  first = await succeeds(older())
  expectAllYes(first)
  expect(first.outputs).toMatchObject({ changed: 'true', 'rancher-url': `https://${stack.hostname}` })
  expect(first.outputs['error-kind'] ?? '').toBe('')
  seen = await expectHealthy(stack)
  expect(first.outputs['cluster-uid']).toBe(seen.uid)
  expect(first.outputs['rancher-version']).toMatch(/^v?2\.11\.\d+$/)
  expect(first.outputs['kubernetes-version']).toContain(Object.values(seen.versions)[0])
  const told = JSON.parse(first.outputs['nodes'] ?? '[]') as { name: string }[]
  expect(told.map((node) => node.name).sort()).toEqual(nodes)
  expect(await curl({ ...stack.view, address: first.outputs['load-balancer'] ?? '' }, '/ping')).toMatchObject({
    status: 200,
  })
  for (const row of first.rows) expect(first.summary).toContain(row.sentence)
  expect(first.summary).toContain(first.outputs['rancher-url'])
})

stage('install again: empty plan, nothing written on the nodes', minutes(4), async () => {
  const untouched = await traces(stack.name)
  const again = await succeeds(older())
  expectNothingDone(again)
  expectAllYes(again)
  expect(await traces(stack.name)).toEqual(untouched)
  await keepOlder()
})

stage('upgrade: Kubernetes and Rancher in one run, and its users go on', minutes(20), async () => {
  vault = await openVault(stack)
  await expectOlder(stack)
  await writeMarker(stack.view, stack.password, 'before the upgrade')
  const former = await openKubectl(stack.name)
  const dry = await succeeds(vault.upgrade({ ...currentInputs(stack), 'dry-run': 'true' }))
  await using load = await startLoad(stack)
  await using writer = await startWriter(stack)
  const done = await succeeds(
    vault.upgrade({ ...currentInputs(stack), 'expected-plan': dry.outputs['plan-digest'] ?? '' }),
  )
  const [users, written] = [await load.stop(), await writer.stop()]
  tellLoad('during the upgrade', users)
  tellWriter('during the upgrade', written)
  expectAllYes(done)
  expect(done.plan).toEqual(dry.plan)

  await expectCurrent(stack)
  const { uid, ca, versions } = await expectHealthy(stack)
  expect({ uid, ca }).toEqual({ uid: seen.uid, ca: seen.ca })
  expect(await clusterUid(former)).toBe(seen.uid)
  expect(await readMarker(stack.view, stack.password)).toBe('before the upgrade')
  expect(await lost(written, former)).toEqual([])
  expect(written.acknowledged.length).toBeGreaterThan(50)
  expect(users.sent).toBeGreaterThan(1_000)
  expect({ withinShare: users.failed <= users.sent * LOST_SHARE, failures: users.failures }).toMatchObject({
    withinShare: true,
  })
  seen = { uid, ca, versions }
})

stage('upgrade and install again: empty plans, nothing written on the nodes', minutes(6), async () => {
  const untouched = await traces(stack.name)
  for (const run of [() => vault.upgrade(currentInputs(stack)), () => stack.install()]) {
    const again = await succeeds(run())
    expectNothingDone(again)
    expectAllYes(again)
  }
  expect(await traces(stack.name)).toEqual(untouched)
  await keepBase()
})

stage('dry run and status on a healthy stack: nothing to do, all yes, nothing written', minutes(4), async () => {
  const untouched = await traces(stack.name)
  const dry = await succeeds(stack.install({ 'dry-run': 'true' }))
  expectNothingDone(dry)
  const status = await succeeds(stack.status())
  expectAllYes(status)
  expect(status.outputs['cluster-uid']).toBe(seen.uid)
  expect(await traces(stack.name)).toEqual(untouched)
})

stage('a node stopped: status names what is broken and what still holds', minutes(6), async () => {
  await docker('stop', '--time', '20', (await machine(stack.name, 'node-3')).container)
  await until('Kubernetes has noticed', minutes(2), async () => {
    const ready = await readyNodes(await openKubectl(stack.name))
    return !('node-3' in ready)
  })
  const status = await stack.status()
  expect(status.exitCode).toBe(1)
  const broken = status.rows.filter((row) => !row.ok)
  expect(broken.length).toBeGreaterThanOrEqual(3)
  for (const row of broken) expect(status.errors.join('\n')).toContain(row.sentence)
  expect(broken.map((row) => row.evidence).join('\n')).toContain('node-3')
  const told = `${status.errors.join('\n')}\n${status.summary}`
  expect(told).toMatch(/Rancher (still )?answers/)
  expect(told).toMatch(/no (further|more) (node|member)|0 more|none more/i)
  await expectRancherAnswers(stack)
})

stage('the node back: all yes', minutes(6), async () => {
  await docker('start', (await machine(stack.name, 'node-3')).container)
  await untilHealthy(stack, minutes(4))
  expectAllYes(await succeeds(stack.status()))
})

stage('a node wiped: install brings three members back, with the same cluster and its data', minutes(15), async () => {
  const marker = `marker-${Date.now()}`
  await writeMarker(stack.view, stack.password, marker)
  const victim = await machine(stack.name, 'node-2')
  await wipe(victim)
  expect((await membersOf(stack)).filter((each) => each.healthy)).toHaveLength(2)

  const done = await succeeds(stack.install())
  expect(done.outputs['changed']).toBe('true')
  expectAllYes(done)
  const after = await expectHealthy(stack)
  expect(after).toEqual(seen)
  expect((await machine(stack.name, 'node-2')).address).toBe(victim.address)
  expect(await readMarker(stack.view, stack.password)).toBe(marker)
  const again = await succeeds(stack.install())
  expectNothingDone(again)
})

stage('backup: one file, off the nodes, that only its owner can read', minutes(6), async () => {
  await writeMarker(stack.view, stack.password, 'when the backup was taken')
  const done = await backedUp(vault)
  expect(done.outputs['cluster-uid']).toBe(seen.uid)
  expect(done.outputs['snapshot-sha256']).toMatch(/^[0-9a-f]{64}$/)
  expect(done.summary).toContain(done.outputs['snapshot-name'])
  expect(await expectHealthy(stack)).toEqual(seen)
})

stage('restore: nothing is given up by default, all is as it was when it is named', minutes(12), async () => {
  await writeMarker(stack.view, stack.password, 'after the backup')
  const nothing = await succeeds(vault.restore())
  expect(nothing.outputs['changed']).toBe('false')
  expect(await readMarker(stack.view, stack.password)).toBe('after the backup')

  const done = await succeeds(vault.restore({ 'restore-from': 'latest' }))
  expect(done.outputs['changed']).toBe('true')
  expectAllYes(done)
  expect(await expectHealthy(stack)).toEqual(seen)
  expect(await readMarker(stack.view, stack.password)).toBe('when the backup was taken')
})

stage('the quorum lost: status names restore, restore brings back what the survivor knows', minutes(15), async () => {
  await writeMarker(stack.view, stack.password, 'what only a survivor knows')
  for (const name of ['node-1', 'node-3']) await wipe(await machine(stack.name, name))
  const status = await stack.status()
  expect(status.exitCode).toBe(1)
  expect(status.errors.join('\n')).toMatch(/mode restore/)
  expect((await stack.install()).exitCode).toBe(1)

  expectAllYes(await succeeds(vault.restore()))
  expect(await expectHealthy(stack)).toEqual(seen)
  expect(await readMarker(stack.view, stack.password)).toBe('what only a survivor knows')
  const install = await succeeds(stack.install())
  expectNothingDone(install)
})

stage('destroy: refused without the host name, then leaves nothing', minutes(4), async () => {
  const standing = await everything()
  const refused = await stack.destroy({ confirm: '' })
  expect(refused.exitCode).toBe(1)
  expect(refused.errors.join()).toContain(stack.hostname)
  const mistaken = await stack.destroy({ confirm: `not-${stack.hostname}` })
  expect(mistaken.exitCode).toBe(1)
  expect(await everything()).toEqual(standing)

  const done = await succeeds(stack.destroy())
  expect(done.outputs['changed']).toBe('true')
  expect(await everything()).toEqual(before)
  expect((await curl(stack.view, '/ping')).status).toBe(0)
})
