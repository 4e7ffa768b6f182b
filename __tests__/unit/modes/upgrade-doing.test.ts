import { join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { asStackError } from '../../../src/errors.ts'
import type { UpgradeSettings } from '../../../src/settings.ts'
import type { Written } from '../../../src/snapshots/written-since.ts'
import { settings as rancherSettings } from '../rancher/make.ts'
import { never, scratch, snapshotsOf } from '../snapshots/make.ts'
import { DoingWorld, type Faults, NEW, OLD } from './doing-world.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())
const world = (faults?: Faults) => new DoingWorld(folder.path, faults)

const rancher = (version: string) => rancherSettings({ tls: { source: 'running' }, version })
const BOTH: Partial<UpgradeSettings> = { kubernetesVersion: 'v1.32.6', rancher: rancher('2.11.3') }
const RANCHER: Partial<UpgradeSettings> = { rancher: rancher('2.11.3') }
const KUBERNETES: Partial<UpgradeSettings> = { kubernetesVersion: 'v1.31.10', rancher: rancher('2.10.3') }

const USER: Written = {
  kind: 'management.cattle.io/users',
  namespace: undefined,
  name: 'u-1',
  how: 'made',
  revision: 80,
}
const MARK: Written = {
  kind: 'management.cattle.io/settings',
  namespace: undefined,
  name: 'server-version',
  how: 'changed',
  revision: 80,
}
const CLUSTER: Written = {
  kind: 'management.cattle.io/clusters',
  namespace: undefined,
  name: 'c-abcde',
  how: 'made',
  revision: 80,
}

const whole = (at: DoingWorld) => at.rows().every(({ ok }) => ok) && !at.guarded && !at.quiet
const runs = ({ content }: DoingWorld) => [...new Set(Object.values(content.kubernetes)), content.rancher.deployed]

test('a point of return, then leg by leg with a proof after each, then the stack says what it runs', async () => {
  const at = world()
  expect(await at.run(BOTH)).toBe('done')
  expect(at.acts).toEqual([
    'take a snapshot',
    'put the snapshot on every node',
    'write that it began',
    'upgrade Rancher to 2.11.3',
    'images on node-1',
    'images on node-2',
    'images on node-3',
    'write the state ahead',
    `bring node-1 to ${NEW}`,
    `bring node-2 to ${NEW}`,
    `bring node-3 to ${NEW}`,
    'write that it is over',
    'keep what was asked',
  ])
  expect(runs(at)).toEqual([NEW, '2.11.3'])
  expect(at.content.asked).toMatchObject({ kubernetesVersion: NEW, rancherVersion: '2.11.3' })
  expect(at.upgrading).toBeUndefined()
  expect(at.told.join('\n')).toContain('Away in all | 1.2 s')
})

describe('the way back', () => {
  test('rung 1: a Rancher that never came is rolled back, and what a client wrote meanwhile stays', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [] }, clientWrites: [USER] })
    const error = asStackError(await at.run(BOTH))
    expect(error).toMatchObject({
      kind: 'rancher',
      stands: expect.stringContaining('Nothing that was written is lost'),
    })
    expect(error.message).toMatch(/it ended 3 times.*\nWent back on rung 1/)
    expect(at.acts.slice(-3)).toEqual(['take a snapshot', 'roll Rancher back', 'write that it is over'])
    expect(at.content.written).toEqual([USER])
    expect([runs(at), whole(at), at.upgrading]).toEqual([[OLD, '2.10.3'], true, undefined])
  })

  test('rung 2: a Rancher that was ready is gone back from with its data, and every lost object is named', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] }, clientWrites: [USER] })
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(/Went back on rung 2, etcd as it was/)
    expect(error.stands).toMatch(/2 objects written since the point of return are lost.*asked 10 times/)
    expect(at.told).toContain('Lost: written since the point of return: made management.cattle.io/users u-1')
    expect([runs(at), whole(at), at.content.written, at.upgrading]).toEqual([[OLD, '2.10.3'], true, [], undefined])
  })

  test('rung 2: nobody writes between the second snapshot and the restore, so that all that is lost is named', async () => {
    const late: Written = { ...USER, name: 'u-late' }
    for (const everReady of [true, false]) {
      const at = world({ badRancher: { version: '2.11.3', everReady, writes: [MARK] }, lateWrites: [late] })
      expect(asStackError(await at.run(BOTH)).message).toMatch(/Went back on rung 2/)
      expect(at.acts.slice(-4)).toEqual(['end Rancher', 'take a snapshot', 'restore etcd', 'write that it is over'])
      expect(at.rewound).toEqual([MARK])
      expect(whole(at)).toBe(true)
    }
  })

  test('what is not put back after all wakes Rancher again', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] }, clientWrites: [CLUSTER] })
    expect(asStackError(await at.run(BOTH)).message).toMatch(/Nothing is put back/)
    expect(at.acts.slice(-3)).toEqual(['end Rancher', 'take a snapshot', 'wake Rancher'])
    expect(at.quiet).toBe(false)
  })

  test('a roll back that fails is followed by the data', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [] }, rollBackFails: true })
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(/Went back on rung 2.*the former version alone did not cure it/)
    expect(at.told.join('\n')).toContain('This did not cure it: Roll rancher back to revision 1: helm rollback failed')
    expect([runs(at), whole(at)]).toEqual([[OLD, '2.10.3'], true])
  })

  test('a helm that ended before it made a pod leaves only pods of before, which say nothing', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [], noPods: true } })
    expect(asStackError(await at.run(BOTH)).message).toMatch(/Went back on rung 1/)
    // A run that was killed in the middle knows it, too.
    const killed = world({ badRancher: { version: '2.11.3', everReady: false, writes: [], noPods: true } })
    await killed.run(BOTH, 4)
    expect(asStackError(await killed.run(BOTH)).message).toMatch(/Went back on rung 1/)
  })

  test('what an earlier leg of this run wrote is no mark of the one that fails', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [{ ...MARK, revision: 7 }] } })
    expect(asStackError(await at.run(BOTH)).message).toMatch(/Went back on rung 1/)
    const later = world({ badRancher: { version: '2.11.3', everReady: false, writes: [{ ...MARK, revision: 8 }] } })
    expect(asStackError(await later.run(BOTH)).message).toMatch(/Went back on rung 2.*had begun to change the data/)
  })

  test('a downstream cluster made in between stops it, with what would be lost and the command', async () => {
    const at = world({
      badRancher: { version: '2.11.3', everReady: true, writes: [MARK] },
      clientWrites: [USER, CLUSTER],
    })
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(
      /Nothing is put back: since the point of return something downstream was made.*c-abcde/,
    )
    expect(error.stands).toMatch(/node-1: kubelet v1\.31\.10.*release is failed at 2\.11\.3, revision 2/)
    expect(at.told).toContain('Would be lost by a restore: made management.cattle.io/clusters c-abcde')
    expect(at.told.find((line) => line.startsWith('next:'))).toMatch(/mode: restore\nrestore-from: /)
    expect(at.acts).not.toContain('restore etcd')
    expect(at.upgrading).toBeDefined()
  })

  test('keep leaves it as it stands', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [] } })
    const error = asStackError(await at.run({ ...BOTH, onFailure: 'keep' }))
    expect(error.message).toMatch(/on-failure: keep/)
    expect(at.acts.at(-1)).toBe('upgrade Rancher to 2.11.3')
  })

  test('a name that stops resolving puts nothing back', async () => {
    const at = world({ broken: ({ rancher: it }) => (it.deployed === '2.11.3' ? ['name-resolves'] : []) })
    const error = asStackError(await at.run(RANCHER))
    expect(error.message).toMatch(/Nothing is put back \(rung 0\): name-resolves stands outside/)
    expect(at.acts.at(-1)).toBe('upgrade Rancher to 2.11.3')
    expect(runs(at)).toEqual([OLD, '2.11.3'])
  })

  test('rke that ended over a slow node is gone on with', async () => {
    const at = world({ badNode: { node: 'node-2', version: NEW, red: false, times: 1 } })
    expect(await at.run(BOTH)).toBe('done')
    expect(at.told).toContain(
      'Way back: rung 0, nothing is put back: what was begun is gone on with: no node is red: what was begun is gone on with.',
    )
    expect([runs(at), whole(at), at.upgrading]).toEqual([[NEW, '2.11.3'], true, undefined])
  })

  test('a machine that dies half-way is cured by neither version; the next run goes on', async () => {
    const at = world({ deadNode: { node: 'node-2', version: NEW } })
    const error = asStackError(await at.run(BOTH))
    expect(error).toMatchObject({ kind: 'ssh', next: expect.stringContaining('run mode upgrade again') })
    expect(error.message).toMatch(/Nothing is put back \(rung 0\): node-2 does not answer/)
    expect(error.stands).toMatch(/node-1: kubelet v1\.32\.6.*node-2: kubelet unknown, API server unknown, does not run/)
    at.faults = {}
    expect(await at.run(BOTH)).toBe('done')
    expect([runs(at), whole(at)]).toEqual([[NEW, '2.11.3'], true])
  })

  test('a node that is red in the new version brings the former one back; the leg before it stays', async () => {
    const at = world({ badNode: { node: 'node-2', version: NEW, red: true, times: 9 } })
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(/node-2 did not come up\nWent back on rung 1.*node-2 is red in the new version/)
    expect([runs(at), whole(at), at.upgrading]).toEqual([[OLD, '2.11.3'], true, undefined])
    expect(at.content.asked.kubernetesVersion).toBe(OLD)
  })
})

describe('killed', () => {
  test('at any act, the next run ends where the first one would have', async () => {
    const acts = (await count(BOTH)).length
    for (let left = 0; left <= acts; left++) {
      const at = world()
      const first = await at.run(BOTH, left)
      if (left < acts) expect(String(first)).toMatch(/killed/)
      expect(await at.run(BOTH)).toBe('done')
      expect([left, runs(at), whole(at), at.upgrading]).toEqual([left, [NEW, '2.11.3'], true, undefined])
    }
  })

  test('again and again, it ends all the same, and never goes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }), async (kills) => {
        const at = world()
        for (const left of kills) await at.run(BOTH, left)
        expect(await at.run(BOTH)).toBe('done')
        expect([runs(at), whole(at)]).toEqual([[NEW, '2.11.3'], true])
        expect(at.acts.join()).not.toMatch(/restore|back/)
      }),
      { numRuns: 60 },
    )
  })

  test('what a killed run took as its point of return is what the next one goes back to', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] } })
    await at.run(BOTH, 4)
    const begun = at.upgrading?.point.from
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(/Went back on rung 2/)
    expect(at.told.join('\n')).toContain(`its point of return ${begun}`)
    expect([runs(at), whole(at)]).toEqual([[OLD, '2.10.3'], true])
  })

  test('gone on with after the window, nothing is rewound', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] } })
    await at.run(BOTH, 4)
    at.now += 2 * 3_600_000
    const error = asStackError(await at.run(BOTH))
    expect(error.message).toMatch(/Nothing is put back: the point of return is 12\d min old/)
    expect(at.acts).not.toContain('restore etcd')
  })

  test('a disruption budget that a killed run left is gone at the end, whatever was left to do', async () => {
    const at = world()
    at.guarded = true
    expect(await at.run(RANCHER)).toBe('done')
    expect(at.guarded).toBe(false)
  })

  test.each<[string, () => Faults]>([
    ['its pods ended', () => ({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] } })],
    ['it did not answer', () => ({ broken: (it) => (it.rancher.deployed === '2.11.3' ? ['rancher-answers'] : []) })],
  ])('while it goes back to the data because %s, the next run leaves no Rancher ended', async (_why, faults) => {
    const all = world(faults())
    await all.run(RANCHER)
    for (let left = all.acts.indexOf('end Rancher'); left < all.acts.length; left++) {
      const at = world(faults())
      await at.run(RANCHER, left)
      at.faults = {}
      expect([left, await at.run(RANCHER), whole(at)]).toEqual([left, 'done', true])
    }
  })

  test('while it goes back, the next run knows as well', async () => {
    const faults = (): Faults => ({ badNode: { node: 'node-2', version: NEW, red: true, times: 9 } })
    const all = world(faults())
    await all.run(BOTH)
    const from = all.acts.indexOf(`bring node-1 back to ${OLD}`)
    for (let left = from; left < all.acts.length; left++) {
      const at = world(faults())
      await at.run(BOTH, left)
      // The node comes up now: what is asked is reached, from wherever it was left.
      at.faults = {}
      expect(await at.run(BOTH)).toBe('done')
      expect([left, runs(at), whole(at)]).toEqual([left, [NEW, '2.11.3'], true])
    }
  })
})

test('another run may have done it all: then nothing is left to do', async () => {
  const at = world()
  expect(await at.run(KUBERNETES)).toBe('done')
  expect(at.acts).toEqual([])
})

async function count(given: Partial<UpgradeSettings>): Promise<string[]> {
  const at = world()
  await at.run(given)
  return at.acts
}

describe('what a failed upgrade says comes next', () => {
  test('gone back: with another version it gets through', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [] } })
    const error = asStackError(await at.run(BOTH))
    expect(error.next).toBe(
      'Find out why the step failed, by what is told above; then run mode upgrade again, with another version if that one is bad.',
    )
    expect(await at.run({ ...BOTH, rancher: rancher('2.11.1') })).toBe('done')
    expect([runs(at), whole(at)]).toEqual([[NEW, '2.11.1'], true])
  })

  test('left as it stands: what is named is mended, and the same run again gets through', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: false, writes: [] } })
    const error = asStackError(await at.run({ ...BOTH, onFailure: 'keep' }))
    expect(error.next).toMatch(
      /^Mend what is named and run mode upgrade again: it goes on from what stands\. Or go back/,
    )
    at.faults = {}
    expect(await at.run(BOTH)).toBe('done')
    expect([runs(at), whole(at), at.upgrading]).toEqual([[NEW, '2.11.3'], true, undefined])
  })

  test('Run mode upgrade again to go on.', async () => {
    const all = older()
    await all.run(BOTH)
    const at = older()
    // Killed in the second minor version: the state is written ahead for it, and was the only one to know the first.
    await at.run(BOTH, all.acts.indexOf(`bring node-2 to ${NEW}`))
    at.faults = { badNode: { node: 'node-2', version: NEW, red: true, times: 9 } }
    const error = asStackError(await at.run({ ...BOTH, restoreWindowMs: 0 }))
    expect(error.message).toContain(`nobody knows any more how Kubernetes ${OLD} was set up`)
    expect(error.next).toMatch(/run mode upgrade again: it goes on/)
    at.faults = {}
    expect(await at.run(BOTH)).toBe('done')
    expect([runs(at), whole(at), at.upgrading]).toEqual([[NEW, '2.11.3'], true, undefined])
  })

  test('Run mode upgrade again to go on; to go back, run mode restore with restore-from.', async () => {
    const at = world({ badRancher: { version: '2.11.3', everReady: true, writes: [MARK] } })
    await at.run(BOTH, 4)
    // Somebody removes it from every node.
    at.point = undefined
    const error = asStackError(await at.run(BOTH))
    expect(at.told.join('\n')).toMatch(/the point of return rancher-ha_1 lies whole on no node any more/)
    expect(error.next).toMatch(/run mode upgrade again: it goes on.*mode: restore, restore-from: /)
    const name = error.next?.replace(/^.*restore-from: (.*)\.$/, '$1')
    const path = join(at.kept().folder, `${name}.tar`)
    await using opened = await snapshotsOf(at.folder, { unsigned: true }).open({ kind: 'file', path }, [], never)
    expect(opened.manifest.asked).toMatchObject({ rancherVersion: '2.10.3' })
    at.faults = {}
    expect(await at.run(BOTH)).toBe('done')
    expect([runs(at), whole(at), at.upgrading]).toEqual([[NEW, '2.11.3'], true, undefined])
  })
})

/** A stack whose upgrade to the same end has two minor versions of Kubernetes on its way. */
function older(): DoingWorld {
  const at = world()
  for (const name of at.names()) at.content.kubernetes[name] = 'v1.30.14-rancher1-1'
  at.content.asked = { ...at.content.asked, kubernetesVersion: 'v1.30.14-rancher1-1' }
  return at
}
