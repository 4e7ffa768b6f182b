import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { asStackError } from '../../../src/errors.ts'
import { refuseBackup } from '../../../src/modes/plan-backup.ts'
import { restore } from '../../../src/modes/restore.ts'
import { findTarget } from '../../../src/modes/restore-source.ts'
import type { Strategy } from '../../../src/modes/restore-strategy.ts'
import type { RestoreSettings } from '../../../src/settings.ts'
import { tries } from '../remedies/tries.ts'
import { makeKeeping, makeSettings, makeSource, never, OTHER_UID, snapshotsOf, UID } from '../snapshots/make.ts'
import { RestoreWorld } from './restore-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'restore-mode-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LATEST = { kind: 'latest' } as const

/** One run of the mode on a world; the proof at its end is asked of the world itself. */
async function run(world: RestoreWorld, given: Partial<RestoreSettings> = {}) {
  return await restore(world.run({ ...given, snapshots: { ...world.run().settings.snapshots, unsigned: true } }), {
    openStack: async () => world.stack(),
    openSnapshots: async () => world.snapshots(),
    proveStack: async () => {
      if (world.data().some((data) => data === undefined)) throw new Error('not proven')
    },
  })
}

const losses: Record<string, { lose: (world: RestoreWorld) => void; given: Partial<RestoreSettings>; back: string }> = {
  'same nodes, a mistake in the data': { lose: () => {}, given: { restoreFrom: LATEST }, back: 'yesterday' },
  'quorum lost, a member left': {
    lose: ({ machines }) => {
      machines.delete('node-2')
      machines.delete('node-3')
    },
    given: {},
    back: 'today',
  },
  'all etcd processes dead, disks intact': {
    lose: ({ machines }) => {
      for (const machine of machines.values()) machine.answers = false
    },
    given: {},
    back: 'today',
  },
  'quorum lost, only a stored snapshot': {
    lose: ({ machines }) => {
      for (const machine of machines.values()) Object.assign(machine, { data: undefined, answers: false })
    },
    given: {},
    back: 'yesterday',
  },
  'all nodes gone, the memory left': { lose: ({ machines }) => machines.clear(), given: {}, back: 'yesterday' },
  'everything gone': {
    lose: (world) => {
      world.machines.clear()
      world.memory = { clusterUid: undefined, hostname: undefined }
    },
    given: {},
    back: 'yesterday',
  },
}

async function lostWorld(name: string) {
  const loss = losses[name]
  if (loss === undefined) throw new Error(name)
  const world = new RestoreWorld(folder)
  await world.store()
  loss.lose(world)
  return { world, ...loss }
}

test.each(Object.keys(losses))('%s: everything is back on three nodes', async (name) => {
  const { world, given, back } = await lostWorld(name)
  expect(await run(world, given)).toEqual({ changed: true })
  expect(world.data()).toEqual([back, back, back])
  expect(world.memory.clusterUid).toMatch(/^6f1c9a2e/)
  expect([...world.machines.values()].map(({ said }) => said)).toEqual(Array(3).fill({ restoring: undefined }))
})

test.each(Object.keys(losses))('%s: a dry run says all and does nothing', async (name) => {
  const { world, given } = await lostWorld(name)
  const before = JSON.stringify([...world.machines])
  expect(await run(world, { ...given, dryRun: true })).toEqual({ changed: false })
  expect(JSON.stringify([...world.machines])).toBe(before)
  expect(world.log.every((line) => /^(> |plan: )/.test(line))).toBe(true)
  expect(world.log.join('\n')).toMatch(/> Strategy: .*\n[\s\S]*> Would be lost: .*\n[\s\S]*plan: Restore etcd/)
})

test.each(Object.keys(losses))(
  '%s: killed at each act and run again, all is back',
  async (name) => {
    for (let acts = 1; ; acts += 1) {
      const { world, given, back } = await lostWorld(name)
      const stored = await world.listed()
      const had = world.data().some((data) => data !== undefined)
      world.acts = acts
      const first = await run(world, given).catch((thrown: unknown) => thrown)
      const wasKilled = first instanceof Error
      if (!wasKilled) {
        expect(acts).toBeGreaterThan(5)
        return
      }
      expect(asStackError(first).cause ?? first).toBeDefined()
      // What was there is stored elsewhere before a node is wiped.
      if (had && world.data().includes(undefined) && world.log.includes('restore-cluster'))
        expect(await world.listed()).toBeGreaterThan(stored)
      world.acts = Number.POSITIVE_INFINITY
      await run(world, given)
      expect({ acts, data: world.data() }).toEqual({ acts, data: [back, back, back] })
      expect(world.isRestoring()).toBe(false)
      expect(world.memory.clusterUid).toBeDefined()
    }
  },
  120_000,
)

test('a cluster with its quorum is not restored unless a snapshot is named', async () => {
  const world = new RestoreWorld(folder)
  await world.store()
  expect(await run(world)).toEqual({ changed: false })
  expect(world.log.filter((line) => !line.startsWith('> '))).toEqual([])
})

test('whether it is still wanted is asked once, before anything is changed', async () => {
  for (const name of ['quorum lost, a member left', 'everything gone']) {
    const { world } = await lostWorld(name)
    const told = world.log.length
    await run(world, name === 'everything gone' ? { restoreFrom: LATEST } : {})
    const log = world.log.slice(told).filter((line) => line === '> begin' || !/^(> |plan: )/.test(line))
    expect(log.length).toBeGreaterThan(1)
    expect(log.flatMap((line, at) => (line === '> begin' ? [at] : []))).toEqual([0])
  }
})

test('a restore run again finds nothing to do', async () => {
  const { world } = await lostWorld('quorum lost, a member left')
  await run(world)
  expect(await run(world)).toEqual({ changed: false })
})

test('survivors come before a newer name for an older snapshot; a named one is taken, and what is left is saved first', async () => {
  const { world } = await lostWorld('quorum lost, a member left')
  const before = await world.listed()
  await run(world, { restoreFrom: LATEST })
  expect(world.data()).toEqual(['yesterday', 'yesterday', 'yesterday'])
  expect(await world.listed()).toBe(before + 1)
})

test('last-snapshot: false keeps nothing, and still restores from the survivors', async () => {
  const { world } = await lostWorld('quorum lost, a member left')
  const before = await world.listed()
  await run(world, { lastSnapshot: false })
  expect(world.data()).toEqual(['today', 'today', 'today'])
  expect(await world.listed()).toBe(before)
})

test('a snapshot of another cluster is refused before anything is touched', async () => {
  const { world } = await lostWorld('everything gone')
  await expect(
    run(world, { restoreFrom: LATEST, clusterUid: '6f1c9a2e-0000-4000-8000-00000000000b' }),
  ).rejects.toMatchObject({ kind: 'snapshot' })
  expect(world.machines.size).toBe(0)
})

/** A world after a loss, and what a backup of it is refused for, once as it is and once restored. */
const lost = (name: string, given: Partial<RestoreSettings> = {}) => {
  const found = lostWorld(name)
  const backs = async () => refuseBackup(await (await found).world.stack().inspect())
  return {
    hurt: backs,
    cured: async () => {
      await run((await found).world, given)
      return await backs()
    },
  }
}
const survivors = lost('quorum lost, a member left')
const gone = lost('all nodes gone, the memory left')

tries('preflight', [
  ['Run mode restore: it saves what the survivors know before anything else.', survivors.hurt, survivors.cured],
  ['Run mode install; if there was one, run mode restore.', gone.hurt, gone.cured],
])

tries('snapshot', [
  [
    'Name a snapshot of this stack, or check provider and name.',
    async () => {
      const { world } = await lostWorld('everything gone')
      const settings = makeSettings({ places: [{ kind: 'file', folder: join(world.folder, 'place') }], unsigned: true })
      const source = makeSource(folder, { clusterUid: OTHER_UID })
      const live = { ...makeKeeping().live, clusterUid: OTHER_UID }
      const other = await snapshotsOf(folder, settings).keep(source, makeKeeping({ live }), never)
      await run(world, { restoreFrom: { kind: 'name', name: other.manifest.name }, clusterUid: UID })
    },
    async () => {
      const { world } = await lostWorld('everything gone')
      const [kept] = await world.snapshots().list(never)
      await run(world, { restoreFrom: { kind: 'name', name: kept?.name ?? '' }, clusterUid: UID })
    },
  ],
])

/** A world that was lost, with two snapshots: a good one, and one whose values are not those of the Rancher in it. */
const mixedUp = (async () => {
  const world = new RestoreWorld(folder)
  const good = await world.store()
  const given = { takenAt: new Date('2026-11-24T04:00:00Z'), archive: Buffer.from('an hour later') }
  const strange = await world.store({ ...given, values: { bootstrapPassword: 'of another stack' } })
  world.machines.clear()
  const back = async (name: string) => void (await run(world, { restoreFrom: { kind: 'name', name } }))
  return { world, takesStrange: () => back(strange), takesGood: () => back(good) }
})()

tries('snapshot', [
  [
    'Compare `helm get values rancher -n cattle-system` with what you know; another snapshot may be the right one.',
    async () => (await mixedUp).takesStrange(),
    async () => {
      const { world, takesGood } = await mixedUp
      expect(world.data()).toEqual(Array(3).fill('an hour later'))
      await takesGood()
      expect(world.data()).toEqual(Array(3).fill('yesterday'))
    },
  ],
])

test('a restore that was begun, and whose file lies on no node any more, goes on with the one that is named', async () => {
  const { world } = await lostWorld('quorum lost, only a stored snapshot')
  for (let acts = 1; !world.isRestoring(); acts += 1) {
    world.acts = acts
    await expect(run(world)).rejects.toThrow('killed')
  }
  expect(world.isRestoring()).toBe(true)
  for (const machine of world.machines.values()) machine.archive = undefined
  world.acts = Number.POSITIVE_INFINITY
  await expect(run(world)).rejects.toThrow('lies on no node')
  await run(world, { restoreFrom: LATEST })
  expect(world.data()).toEqual(['yesterday', 'yesterday', 'yesterday'])
  expect(world.isRestoring()).toBe(false)
})

/** What is to be brought back, where nobody of the stack knows the name of its Rancher any more. */
const targets = (strategy: Strategy) => async () => {
  const { world } = await lostWorld('quorum lost, a member left')
  const stack = world.stack()
  const { infrastructure, cluster, rancher } = await stack.inspect()
  const seen = {
    infrastructure: { ...infrastructure, memory: { clusterUid: UID, hostname: undefined } },
    cluster: { ...cluster, asked: undefined },
    rancher: { ...rancher, release: undefined },
  }
  await using opened = new AsyncDisposableStack()
  await findTarget(strategy, world.run(), { stack, snapshots: world.snapshots(), seen, opened })
}

tries('preflight', [
  [
    'Name a stored snapshot with restore-from: its manifest tells the name.',
    targets({ kind: 'survivor', survivors: [] }),
    targets({ kind: 'stored', wish: { kind: 'latest', clusterUid: UID } }),
  ],
])
