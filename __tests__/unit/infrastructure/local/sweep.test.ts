import { expect, test } from '@jest/globals'
import { labelsOf } from '../../../../src/infrastructure/local/names.ts'
import { judgeStack, localSweeper } from '../../../../src/infrastructure/local/sweep.ts'
import { fakeDocker } from './fake-docker.ts'
import { type LocalFixture, localFixture } from './fixture.ts'

const HOUR_MS = 3_600_000
const signal = new AbortController().signal

/** Makes a stack at the first hour of 1970, with a time to live or without. */
async function make({ open, wanted }: LocalFixture, ttlMs: number | undefined, name = 'rancher'): Promise<void> {
  const stack = { name, owner: '4711', ownerName: 'acme/cattle' }
  const infrastructure = open({ ttlMs, now: () => new Date(0), hostname: `${name}.example.test` }, stack)
  const plan = infrastructure.plan(await infrastructure.inspect(), { ...wanted, hostname: `${name}.example.test` })
  await using lease = await infrastructure.claim(0)
  for (const { change } of plan) await infrastructure.apply(change, lease, signal)
}

function sweeperOf({ daemon, runner, stack }: LocalFixture, hours: number, owner = stack.owner) {
  return localSweeper(
    {
      stack: { ...stack, owner },
      run: { id: '90', attempt: 1 },
      provider: { kind: 'local', image: 'machine:1' },
    },
    { docker: fakeDocker(daemon), runner, now: () => new Date(hours * HOUR_MS) },
  )
}

test('a stack whose time is over goes whole; one that lives, one that is protected and one of others stay', async () => {
  await using fixture = await localFixture()
  await fixture.makes?.addLookAlikes()
  await make(fixture, undefined, 'kept')
  await make(fixture, 48 * HOUR_MS, 'young')
  const before = await fixture.world()
  await make(fixture, 24 * HOUR_MS, 'pr-7')

  const sweeper = sweeperOf(fixture, 25)
  const { leftovers, left } = await sweeper.find()
  expect(leftovers.map(({ what, reason, ageMs }) => ({ what, reason, ageMs }))).toEqual([
    { what: 'stack pr-7', reason: 'expired at 1970-01-02T00:00:00.000Z', ageMs: 25 * HOUR_MS },
  ])
  expect(left.toSorted()).toEqual([
    'stack kept: protected, it has no ttl',
    'stack rancher-2: protected, it has no ttl',
    'stack young: expires at 1970-01-03T00:00:00.000Z',
  ])
  for (const { change } of leftovers) await sweeper.remove(change, signal)
  expect(await fixture.world()).toEqual(before)
  expect((await sweeper.find()).leftovers).toEqual([])
})

test('another owner sweeps nothing of it', async () => {
  await using fixture = await localFixture()
  await make(fixture, HOUR_MS)
  expect(await sweeperOf(fixture, 25, '4712').find()).toEqual({ leftovers: [], left: [] })
})

test('what was made for longer since it was found stays', async () => {
  await using fixture = await localFixture()
  await make(fixture, HOUR_MS)
  const [leftover] = (await sweeperOf(fixture, 25).find()).leftovers
  for (const all of [fixture.daemon.networks, fixture.daemon.volumes])
    for (const { labels } of all.values()) labels['rancher-ha/expires'] = '1970-01-09T00:00:00.000Z'
  for (const { spec } of fixture.daemon.machines.values())
    spec.labels['rancher-ha/expires'] = '1970-01-09T00:00:00.000Z'
  const before = await fixture.world()
  if (leftover === undefined) throw new Error('nothing was found')
  await sweeperOf(fixture, 25).remove(leftover.change, signal)
  expect(await fixture.world()).toEqual(before)
})

test('a stack of which a part carries no end is protected', () => {
  const stack = { name: 'x', owner: '1', ownerName: 'o/r' }
  const of = (expires?: string) => labelsOf(stack, { id: '1', attempt: 1 }, new Date(0), expires)
  const ended = of('1970-01-01T01:00:00.000Z')
  expect(judgeStack(stack, [ended, ended], new Date(2 * HOUR_MS))).toHaveProperty('leftover')
  expect(judgeStack(stack, [ended, of()], new Date(2 * HOUR_MS))).toHaveProperty('left')
})
