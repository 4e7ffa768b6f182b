import { afterAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { asStackError } from '../../../src/errors.ts'
import { planAwsReplace } from '../../../src/infrastructure/aws/plan-replace.ts'
import type { Replacement } from '../../../src/infrastructure/infrastructure.ts'
import { replacementGroups } from '../../../src/modes/plan-replacements.ts'
import { planUpgrade } from '../../../src/modes/plan-upgrade.ts'
import { tellUpgrade } from '../../../src/modes/tell-upgrade.ts'
import { wantUpgrade } from '../../../src/modes/want-upgrade.ts'
import { scratch } from '../snapshots/make.ts'
import { ReplacingWorld } from './replacing-world.ts'
import { seenStack, upgradeWorld } from './upgrade-world.ts'

const folder = scratch()
afterAll(async () => await folder[Symbol.asyncDispose]())
const world = (count = 3) => new ReplacingWorld(folder.path, count)

const DONE = 'node-1 m6i.xlarge, node-2 m6i.xlarge, node-4 m6i.xlarge; forwarded; over'

test('node by node: the new one is there and proven before the old one is given up, drained, and leaves', async () => {
  const at = world()
  expect(await at.run()).toBe('done')
  const one = (node: string, by: string, both: string, staying: string) => [
    `make ${by}`,
    `images on ${by}`,
    `rke up with ${both}`,
    'rke ends',
    `forward 80 to ${both}`,
    `forward 443 to ${both}`,
    `give up ${node}`,
    `forward 80 to ${staying}`,
    `forward 443 to ${staying}`,
    `drain ${node}`,
    `take ${node} out of etcd`,
    `rke up with ${staying}`,
    'rke ends',
    `end ${node}`,
  ]
  expect(at.acts).toEqual([
    'take a snapshot',
    'put the snapshot on every node',
    'write that it began',
    ...one('node-1', 'node-4', 'node-1 node-2 node-3 node-4', 'node-2 node-3 node-4'),
    ...one('node-2', 'node-1', 'node-1 node-2 node-3 node-4', 'node-1 node-3 node-4'),
    ...one('node-3', 'node-2', 'node-1 node-2 node-3 node-4', 'node-1 node-2 node-4'),
    'write that it is over',
    'keep what was asked',
  ])
  expect(at.state()).toBe(DONE)
  expect(at.leases).toEqual([
    'node-1 node-2 node-3',
    'node-2 node-3 node-4',
    'node-1 node-3 node-4',
    'node-1 node-2 node-4',
  ])
})

test('the next time nothing is to be replaced, and an input that is not given asks for nothing', async () => {
  const at = world()
  await at.run()
  const before = at.acts.length
  expect(await at.run()).toBe('done')
  at.asked = undefined
  expect(await at.run()).toBe('done')
  expect(at.acts.length).toBe(before)
})

test('names stay within the size of the stack and one more, however often its nodes are replaced', async () => {
  const at = world()
  for (const type of ['m6i.xlarge', 'c6i.xlarge', 'm6i.xlarge']) {
    at.asked = [type]
    expect(await at.run()).toBe('done')
    expect(at.instances.map(({ type: runs }) => runs)).toEqual([type, type, type])
  }
  expect(at.names().every((name) => /^node-[1-4]$/.test(name))).toBe(true)
})

test('of five nodes, each in its turn', async () => {
  const at = world(5)
  expect(await at.run()).toBe('done')
  expect(at.state()).toBe(
    'node-1 m6i.xlarge, node-2 m6i.xlarge, node-3 m6i.xlarge, node-4 m6i.xlarge, node-6 m6i.xlarge; forwarded; over',
  )
})

describe('killed', () => {
  test('at any act: the three that are not too many are members, and the next run ends where the first one would have', async () => {
    const whole = world()
    await whole.run()
    for (let left = 0; left < whole.acts.length; left++) {
      const at = world()
      expect(String(await at.run({}, left))).toMatch(/killed/)
      const { nodes, surplus = [] } = at.seen().infrastructure
      const staying = nodes.map(({ name }) => name).filter((name) => !surplus.includes(name))
      expect([left, staying.length, staying.every((name) => name in at.members)]).toEqual([left, 3, true])
      expect([left, await at.run(), at.state()]).toEqual([left, 'done', DONE])
    }
  })

  test('again and again: it ends all the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 6 }), async (kills) => {
        const at = world()
        for (const left of kills) await at.run({}, left)
        expect([await at.run(), at.state()]).toEqual(['done', DONE])
      }),
      { numRuns: 25 },
    )
  })

  test('and gone on with by who asks for nothing: only the one that was begun is finished', async () => {
    for (const [act, types] of [
      ['make node-4', ['m5.xlarge', 'm5.xlarge', 'm6i.xlarge']],
      ['drain node-2', ['m5.xlarge', 'm6i.xlarge', 'm6i.xlarge']],
    ] as const) {
      const whole = world()
      await whole.run()
      const at = world()
      await at.run({}, whole.acts.indexOf(act) + 1)
      at.asked = undefined
      expect(await at.run()).toBe('done')
      expect([at.instances.map(({ type }) => type).toSorted(), at.state()]).toEqual([
        types,
        expect.stringMatching(/; forwarded; over$/),
      ])
    }
  })

  test('and the new machine lost meanwhile: it is made anew, and the old one kept until that one is proven', async () => {
    const at = world()
    await at.run({}, 5)
    at.instances = at.instances.filter(({ name }) => name !== 'node-4')
    expect([await at.run(), at.state()]).toEqual(['done', DONE])
  })
})

test('a node that is not well keeps the old one from leaving', async () => {
  const at = world()
  at.sick = 'node-3'
  const error = asStackError(await at.run())
  expect(error.message).toMatch(/node-1 cannot leave while node-3 is no healthy member of etcd/)
  expect(at.acts.at(-1)).toBe('drain node-1')
  at.sick = undefined
  expect([await at.run(), at.state()]).toEqual(['done', DONE])
})

test('versions first, then the nodes, and those join in the version that was reached', () => {
  const all = replacements()
  const ids = planUpgrade({
    legs: [{ kind: 'kubernetes', from: 'a', to: 'b' }],
    replacements: all,
    running: 'a',
    target: 'b',
    nodes: ['node-1', 'node-2', 'node-3'],
    places: [{ kind: 'artifact' }],
    verify: 'hash',
    remembered: true,
  }).map(({ id }) => id)
  expect(ids.indexOf('upgrade-kubernetes-b')).toBeLessThan(ids.indexOf('create-node-4-for-node-1'))
  expect(ids.indexOf('prove-without-node-1')).toBeLessThan(ids.indexOf('create-node-1-for-node-2'))
  expect(new Set(ids).size).toBe(ids.length)
})

test('what was begun is finished before the versions, by the one that runs', () => {
  const [first] = replacements()
  const begun = { ...first, state: 'begun' as const, make: [] }
  const steps = planUpgrade({
    legs: [{ kind: 'kubernetes', from: 'a', to: 'b' }],
    replacements: [begun],
    running: 'a',
    target: 'b',
    nodes: begun.staying,
    places: [{ kind: 'artifact' }],
    verify: 'hash',
    remembered: true,
  })
  const ids = steps.map(({ id }) => id)
  expect(ids.slice(0, 3)).toEqual(['point-of-return', 'images-node-4-for-node-1', 'join-node-4-for-node-1'])
  expect(ids.indexOf('prove-without-node-1')).toBeLessThan(ids.indexOf('images-b-node-2'))
  expect(steps.find(({ id }) => id === 'join-node-4-for-node-1')?.change).toMatchObject({ version: 'a' })
})

test('who was given up goes on leaving: the new one is not proven again', () => {
  const [first] = replacements()
  const ids = replacementGroups({ ...first, state: 'given-up', make: [] }, 'a')
    .flat()
    .map(({ id }) => id)
  expect(ids).toEqual([
    'give-up-node-1',
    'set-targets-80-without-node-1',
    'set-targets-443-without-node-1',
    'drain-node-1',
    'prove-node-1-drained',
    'leave-node-1',
    'move-lease-from-node-1',
    'retire-node-1',
    'prove-without-node-1',
  ])
})

test('each replacement is told with what it changes and what users notice', async () => {
  const { run, stack } = upgradeWorld(seenStack())
  const wanted = { ...(await wantUpgrade(run, stack, seenStack())), replacements: replacements() }
  const lines: string[] = []
  tellUpgrade({ line: (text) => void lines.push(text), table: () => {} }, wanted, run.settings)
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(
      /^1\. node-1 gives way to node-4: m5\.xlarge → m6i\.xlarge; .*Interruption expected: none for/,
    ),
    expect.stringMatching(/^2\. node-2 gives way to node-1: /),
    expect.stringMatching(/^3\. node-3 gives way to node-2: /),
  ])
})

function replacements(): [Replacement, ...Replacement[]] {
  return planAwsReplace(world().seen().infrastructure) as [Replacement, ...Replacement[]]
}
