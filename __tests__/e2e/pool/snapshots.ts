import { copyFile, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import type { Cancel } from '../../runner/step.ts'
import { atStep } from '../at-step.ts'
import { loadBase } from '../base.ts'
import { docker } from '../eye/docker.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { type Machine, machine, machines, on, wipe } from '../eye/machines.ts'
import { readMarker, writeMarker } from '../eye/rancher.ts'
import { containersOf } from '../eye/traces.ts'
import { addMachine, asHosts, balance, hostInputs, letIn, publicHalf } from '../ground.ts'
import { expectAllYes, expectHealthy, expectNothingDone, type Seen, untilHealthy } from '../healthy.ts'
import { minutes } from '../minutes.ts'
import { recoverByPage } from '../recovery.ts'
import { type Done, failsWith, type Stack, succeeds } from '../stack.ts'
import { backedUp, openVault, type Vault } from '../vault.ts'
import type { Case } from './case.ts'

const mark = (stack: Stack, marker: string) => writeMarker(stack.view, stack.password, marker)

type Before = { before: Seen; marker: string; nodes?: string[] }

/** A run that restored something, and what it restored. */
async function expectBack(stack: Stack, restored: ReturnType<Vault['restore']>, then: Before): Promise<void> {
  const done = await succeeds(restored)
  expect(done.outputs['changed']).toBe('true')
  await expectStands(stack, done, then)
}

/** Everything is there: proven by the action, seen by another eye, with the marker, and no Node object of a dead machine. */
async function expectStands(stack: Stack, done: Done, { before, marker, nodes }: Before): Promise<void> {
  expectAllYes(done)
  const after = await expectHealthy(stack, nodes)
  expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: before.uid, ca: before.ca })
  expect(await readMarker(stack.view, stack.password)).toBe(marker)
  const kubectl = await openKubectl(stack.name)
  const names = (await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ').sort()
  expect(names).toEqual(nodes ?? ['node-1', 'node-2', 'node-3'])
}

/** `status` says what has become of the stack, and which mode cures it. */
async function expectCase(stack: Stack, what: RegExp, next = /mode restore/): Promise<void> {
  const status = await stack.status()
  expect(status.exitCode).toBe(1)
  expect([...status.lines, status.summary].join('\n')).toMatch(what)
  expect(status.errors.join('\n')).toMatch(next)
}

type Loss = {
  name: string
  lose: (stack: Stack, nodes: Machine[]) => Promise<void>
  seen: RegExp
  keeps: 'after' | 'before'
}

const losses: Loss[] = [
  {
    name: 'two of three machines lost',
    lose: async (_stack, [, ...others]) => {
      for (const one of others) await wipe(one)
    },
    seen: /Data is left on node-1\./,
    keeps: 'after',
  },
  {
    name: 'all three etcd processes dead, disks intact',
    lose: async (_stack, nodes) => {
      for (const one of nodes) await on(one, 'docker rm --force etcd')
    },
    seen: /only its files/,
    keeps: 'after',
  },
  {
    name: 'etcd wiped on two of three, the third without a leader',
    lose: async (_stack, [, ...others]) => {
      for (const one of others) await on(one, 'docker rm --force etcd; rm -rf /var/lib/etcd')
    },
    seen: /Data is left on node-1\./,
    keeps: 'after',
  },
  {
    name: 'etcd wiped on all three',
    lose: async (_stack, nodes) => {
      for (const one of nodes) await on(one, 'docker rm --force etcd; rm -rf /var/lib/etcd')
    },
    seen: /no node of 3 has data any more/,
    keeps: 'before',
  },
  {
    name: 'all three machines lost, load balancer and memory left',
    lose: async (_stack, nodes) => {
      for (const one of nodes) await wipe(one)
    },
    seen: /nothing of it is left/,
    keeps: 'before',
  },
]

const afterLoss = ({ name, lose, seen, keeps }: Loss): Case => ({
  name: `restore: ${name}: ${keeps === 'after' ? 'all that was written after the backup is there' : 'the stored snapshot is back'}`,
  from: 'healthy',
  deadlineMs: minutes(30),
  async run(stack) {
    const before = await expectHealthy(stack)
    await using vault = await openVault(stack)
    await mark(stack, 'before the backup')
    await backedUp(vault)
    await mark(stack, 'after the backup')
    await lose(stack, await machines(stack.name))
    await expectCase(stack, seen)
    await failsWith('preflight', stack.install())
    const dry = await succeeds(vault.restore({ 'dry-run': 'true' }))
    expect(dry.lines.join('\n')).toMatch(/Strategy: .*\n[\s\S]*Would be lost: /)
    await expectBack(stack, vault.restore(), { before, marker: `${keeps} the backup` })
    const again = await succeeds(vault.restore())
    expect(again.outputs['changed']).toBe('false')
    const install = await succeeds(stack.install())
    expectNothingDone(install)
  },
})

/** Headings of a restore of survivors, in their order. */
const steps = [
  'Look at what stands',
  'Create node-2',
  'Save what the survivors know',
  'Verify it, seal it',
  'Load images on node-2',
  'Put the snapshot on node-2',
  'Write on every node that a restore begins',
  'Restore etcd and bring Kubernetes up',
  'Prove that it is the same cluster',
  'Prove that Rancher is ready',
]
/** Into rke's part: it wipes after about 23 s here, and the new etcd stands after about 32 s. */
const seconds = [5, 15, 22, 25, 28, 32, 40, 55, 75, 95]

const atSecond = (second: number) => atStep('Restore etcd', second * 1_000)

const killed = (name: string, moments: Cancel[]): Case => ({
  name: `restore cancelled ${name}, the runner lost: run again, everything is there`,
  from: 'healthy',
  deadlineMs: minutes(30 + 3 * moments.length),
  run: (stack) => cancelEach(stack, moments),
})

/**
 * Cancels one restore after the other, each at its own moment, and lets the last come to its end. A run whose moment
 * does not come any more has restored the stack; the moment is tried again on a stack that is hurt anew.
 */
async function cancelEach(stack: Stack, moments: Cancel[]): Promise<void> {
  await using vault = await openVault(stack)
  let runId = 1000
  const hurt = async (): Promise<Seen> => {
    const before = await expectHealthy(stack)
    await backedUp(vault)
    await mark(stack, 'after the backup')
    for (const name of ['node-2', 'node-3']) await wipe(await machine(stack.name, name))
    return before
  }
  const attempt = (cancel?: Cancel) => {
    runId += 1
    return vault.restore({ 'wait-for-lease': '5m' }, { runId: String(runId), ...(cancel && { cancel }) })
  }
  let before = await hurt()
  // A run that was cancelled at its very end leaves nothing to do.
  const expectRestored = async (run: Promise<Done>) =>
    expectStands(stack, await succeeds(run), { before, marker: 'after the backup' })
  for (const moment of moments) {
    let run = await attempt(moment)
    if (run.cancelledAtMs === undefined) {
      await expectRestored(Promise.resolve(run))
      await loadBase()
      before = await hurt()
      run = await attempt(moment)
    }
    expect({ cancelled: run.cancelledAtMs !== undefined, moment }).toEqual({ cancelled: true, moment })
    expect(run.leftovers).toEqual([])
  }
  await expectRestored(attempt())
}

export const snapshots: Case[] = [
  {
    name: 'restore: a mistake in the data: as it was when the backup was taken',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await mark(stack, 'as it was')
      await backedUp(vault)
      await mark(stack, 'a mistake')
      const running = await containersOf(stack.name)
      const nothing = await succeeds(vault.restore())
      expect(nothing.outputs['changed']).toBe('false')
      expect(nothing.warnings.join('\n')).toMatch(/restore-from/)
      expect(await containersOf(stack.name)).toEqual(running)
      await expectBack(stack, vault.restore({ 'restore-from': 'latest' }), { before, marker: 'as it was' })
      // What was given up is kept, and is never the latest.
      expect(await vault.files()).toHaveLength(2)
      await mark(stack, 'another mistake')
      await expectBack(stack, vault.restore({ 'restore-from': 'latest' }), { before, marker: 'as it was' })
    },
  },
  ...losses.map(afterLoss),
  {
    name: 'restore: everything gone, one file and the identity: the stack is back under its name',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await mark(stack, 'all there is')
      const backup = await backedUp(vault)
      await succeeds(stack.destroy())
      expect(await machines(stack.name)).toEqual([])
      const from = { 'restore-from': `file:${backup.outputs['snapshot-path']}`, 'backup-to': `file:${vault.folder}` }
      await expectBack(stack, vault.restore(from), { before, marker: 'all there is' })
    },
  },
  {
    name: 'restore: all three machines replaced by others with other addresses',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await mark(stack, 'on other machines')
      await backedUp(vault)
      const { privateKey, balancer } = await asHosts(stack)
      const old = await machines(stack.name)
      const prefix = old[0]?.container.replace(/node-1$/, '') ?? ''
      for (const one of old) await wipe(one)
      const names = ['node-4', 'node-5', 'node-6']
      for (const [at, name] of names.entries()) {
        const address = old[0]?.address.replace(/\d+$/, String(24 + at)) ?? ''
        await addMachine(stack, `${prefix}net`, name, address)
      }
      const fresh = await machines(stack.name)
      for (const host of fresh) await letIn(host, publicHalf(privateKey))
      await balance(`${prefix}lb`, fresh)
      const given = await hostInputs(fresh, balancer, privateKey)
      await expectBack(stack, vault.restore(given), { before, marker: 'on other machines', nodes: names })
    },
  },
  {
    name: 'restore: with less than a majority, nodes that may still run forbid it',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await backedUp(vault)
      await mark(stack, 'after the backup')
      const { inputs, hosts } = await asHosts(stack)
      const [, second, third] = hosts as [Machine, Machine, Machine]
      for (const one of [second, third]) await docker('pause', one.container)
      const refused = await failsWith('lease', vault.restore(inputs))
      expect(refused.errors.join('\n')).toMatch(/node-2: .*may still run/)
      for (const one of [second, third]) await docker('unpause', one.container)
      expect(await readMarker(stack.view, stack.password)).toBe('after the backup')
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'restore: a damaged file, a wrong identity, another signer: refused, nothing touched',
    from: 'healthy',
    deadlineMs: minutes(15),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await using other = await openVault(stack)
      const file = (await backedUp(vault)).outputs['snapshot-path'] ?? ''
      const damaged = join(await mkdtemp(join(tmpdir(), 'damaged-')), file.split('/').at(-1) ?? '')
      await copyFile(file, damaged)
      const bytes = await readFile(damaged)
      const at = Math.floor(bytes.length / 2)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await writeFile(damaged, bytes)
      const running = await containersOf(stack.name)
      const wrong = [
        vault.restore({ 'restore-from': `file:${damaged}` }),
        vault.restore({ 'restore-from': `file:${file}`, 'backup-identity': other.identity }),
      ]
      for (const run of wrong) await failsWith('snapshot', run)
      for (const one of await machines(stack.name)) await on(one, 'rm -f /var/lib/rancher-ha/*/signer.pem')
      const stranger = Buffer.alloc(32, 7).toString('base64')
      await failsWith('snapshot', vault.restore({ 'restore-from': 'latest', 'snapshot-signer': stranger }))
      expect(await containersOf(stack.name)).toEqual(running)
      expect(await expectHealthy(stack)).toEqual(before)
    },
  },
  {
    name: 'restore: what is left cannot be kept off the nodes: refused, unless it may be lost',
    from: 'healthy',
    deadlineMs: minutes(20),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await backedUp(vault)
      await mark(stack, 'after the backup')
      for (const name of ['node-2', 'node-3']) await wipe(await machine(stack.name, name))
      // Below a file there is no folder. (Below /proc Node's own mkdir never comes back.)
      const nowhere = { 'backup-to': 'file:/etc/hostname/nowhere' }
      const refused = await vault.restore(nowhere)
      expect(refused.exitCode).toBe(1)
      expect(refused.errors.join('\n')).toMatch(/nowhere/)
      const given = { ...nowhere, 'last-snapshot': 'false' }
      await expectBack(stack, vault.restore(given), { before, marker: 'after the backup' })
    },
  },
  {
    name: 'destroy keeps a last snapshot off the nodes, and the stack comes back from it',
    from: 'healthy',
    deadlineMs: minutes(30),
    async run(stack) {
      const before = await expectHealthy(stack)
      await using vault = await openVault(stack)
      await mark(stack, 'gone on purpose')
      const { 'airgap-bundle': bundle = '' } = stack.installInputs()
      const unkept = await stack.destroy({ 'last-snapshot': 'true', 'airgap-bundle': bundle })
      expect(unkept.errors.join('\n')).toMatch(/backup-recipients/)
      const gone = await succeeds(stack.destroy({ 'last-snapshot': 'true', 'airgap-bundle': bundle, ...vault.keeps }))
      expect(await vault.files()).toHaveLength(1)
      expect(await machines(stack.name)).toEqual([])
      const signer = { 'snapshot-signer': gone.outputs['snapshot-signer'] ?? '' }
      await expectBack(stack, vault.restore(signer), { before, marker: 'gone on purpose' })
    },
  },
  {
    name: 'recovery by hand: the page alone brings everything back',
    from: 'healthy',
    deadlineMs: minutes(30),
    run: recoverByHand,
  },
  killed(
    'at each step, one after the other',
    steps.map((title) => atStep(title)),
  ),
  killed("at moments of rke's part, one after the other", seconds.map(atSecond)),
  ...steps.map((title) => killed(`at '${title}'`, [atStep(title)])),
  ...seconds.map((second) => killed(`${second} s into rke's restore`, [atSecond(second)])),
]

/** What a node has of a cluster, its snapshots and our state among it. */
const forget = `docker ps --all --quiet | xargs -r docker rm --force --volumes >/dev/null
rm -rf /var/lib/etcd /etc/kubernetes /opt/rke /var/lib/rancher-ha`

async function recoverByHand(stack: Stack): Promise<void> {
  const before = await expectHealthy(stack)
  await using vault = await openVault(stack)
  await mark(stack, 'by hand')
  const file = (await backedUp(vault)).outputs['snapshot-path'] ?? ''
  const ground = await asHosts(stack)
  for (const host of ground.hosts) await on(host, forget)
  await recoverByPage(stack, ground, { file, identity: vault.identity })
  await untilHealthy(stack, minutes(5))
  const after = await expectHealthy(stack)
  expect({ uid: after.uid, ca: after.ca }).toEqual({ uid: before.uid, ca: before.ca })
  expect(await readMarker(stack.view, stack.password)).toBe('by hand')
}
