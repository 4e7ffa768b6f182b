import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Moto } from '../../lab/cloud/moto.ts'
import { systemClock } from '../../src/clock.ts'
import { awsSweeper } from '../../src/infrastructure/aws/sweep.ts'
import type { SweepRun } from '../../src/run.ts'
import { type Account, type Asked, openAccount, openMoto, STACK } from './fixture.ts'
import { noLease, runAll } from './run-all.ts'

const HOUR_MS = 3_600_000

let moto: Moto
let account: Account
beforeAll(async () => {
  moto = await openMoto()
})
afterAll(async () => await moto[Symbol.asyncDispose]())
beforeEach(async () => {
  account = await openAccount(moto)
})

/** A stack of one node; `ttlMs` undefined: protected once it has a cluster. */
async function make(
  name: string,
  { ttlMs, cluster = true, owner = STACK.owner }: { ttlMs?: number; cluster?: boolean; owner?: string } = {},
) {
  const hostname = `${name}.example.test`
  const asked: Asked = { stack: { ...STACK, name, owner }, asked: { hostname, nodeCount: 1 }, provider: { ttlMs } }
  const infrastructure = await account.open(asked)
  await runAll(infrastructure, { nodeCount: 1, hostname })
  if (cluster) await infrastructure.remember({ clusterUid: `uid-${name}`, hostname }, noLease)
  return infrastructure
}

/** A sweep `hours` from now. */
const sweeper = (hours: number, over: string[] = []) => {
  const later = { now: () => new Date(Date.now() + hours * HOUR_MS) }
  const options = account.options({ asked: null, options: later })
  return awsSweeper(account.settings({ asked: null }), { ...options, isOver: async (run) => over.includes(run) })
}

/** @param over runs that are known to have ended */
async function sweep(hours: number, over: string[] = []): Promise<string[]> {
  const one = await sweeper(hours, over)
  const { leftovers } = await one.find()
  for (const { change } of leftovers) await one.remove(change, AbortSignal.timeout(20_000))
  return leftovers.map(({ what }) => what).toSorted()
}

test('an expired stack goes whole; unexpired and protected ones, and another owner’s, stay', async () => {
  await make('staying')
  await make('longer', { ttlMs: 72 * HOUR_MS })
  await make('theirs', { ttlMs: HOUR_MS, owner: '9' })
  const world = await moto.world()
  await make('preview', { ttlMs: 2 * HOUR_MS })
  expect(await sweep(1)).toEqual([])
  expect(await sweep(3)).toEqual(['stack preview'])
  expect(await moto.world()).toEqual(world)
  expect(await sweep(30)).toEqual([])
})

test('looking lists with age and reason, and takes nothing', async () => {
  await make('staying')
  await make('preview', { ttlMs: HOUR_MS })
  const world = await moto.world()
  const { leftovers, left } = await (await sweeper(5)).find()
  expect(leftovers).toEqual([
    expect.objectContaining({ what: 'stack preview', reason: expect.stringMatching(/^expired at \d{4}-/) }),
  ])
  expect(Math.round((leftovers[0]?.ageMs ?? 0) / HOUR_MS)).toBe(5)
  expect(left).toEqual(['stack staying: protected, it has no ttl'])
  expect(await moto.world()).toEqual(world)
})

test('a stack that was left half-made goes after a day, not before', async () => {
  const before = await moto.world()
  await make('half', { cluster: false })
  expect(await sweep(23)).toEqual([])
  expect(await sweep(25)).toEqual(['stack half'])
  expect(await moto.world()).toEqual(before)
})

test('nothing of a stack that a run has claimed is taken', async () => {
  const infrastructure = await make('preview', { ttlMs: HOUR_MS })
  const one = await awsSweeper(account.settings({ asked: null }), account.options({ asked: null }))
  const later = await sweeper(2)
  const { leftovers } = await later.find()
  await using _claim = await infrastructure.claim(0)
  const world = await moto.world()
  expect((await one.find()).left).toEqual(['stack preview: run 41/1 changes it now'])
  const late = one.remove(leftovers[0]?.change as never, AbortSignal.timeout(5_000))
  await expect(late).rejects.toMatchObject({ kind: 'lease' })
  expect(await moto.world()).toEqual(world)
})

test('the door and the claim of a killed run go, the stack stays', async () => {
  const infrastructure = await make('staying')
  const world = await moto.world()
  await infrastructure.door?.open(AbortSignal.timeout(5_000))
  await infrastructure.claim(0)
  expect(await sweep(0)).toEqual([])
  expect(await sweep(25)).toEqual(['claim of stack staying', 'door of stack staying'])
  expect(await moto.world()).toEqual(world)
  await infrastructure.door?.close()
})

test('a half-made stack goes at once when its run is known to have ended, unless another works on it', async () => {
  const before = await moto.world()
  await make('half', { cluster: false })
  await make('whole')
  expect(await sweep(0, ['40/1'])).toEqual([])
  const other: Asked = { stack: { ...STACK, name: 'half' }, asked: null, run: { id: '42', attempt: 1 } }
  const continued = await account.open({ ...other, options: { session: 'other-session' } })
  {
    await using _claim = await continued.claim(0)
    expect(await sweep(0, ['41/1'])).toEqual([])
  }
  await continued.door?.open(AbortSignal.timeout(5_000))
  expect(await sweep(0, ['41/1'])).toEqual([])
  expect(await sweep(0, ['41/1', '42/1'])).toEqual(['stack half'])
  await (await account.open({ stack: { ...STACK, name: 'whole' }, asked: null })).claim(0)
  await sweep(0, ['41/1'])
  expect((await moto.world()).filter((line) => line.includes('half'))).toEqual([])
  expect((await moto.world()).length).toBeGreaterThan(before.length)
})

test('the door and the claim of a run that is known to have ended go at once', async () => {
  const infrastructure = await make('staying')
  const world = await moto.world()
  await infrastructure.door?.open(AbortSignal.timeout(5_000))
  await infrastructure.claim(0)
  expect(await sweep(0, ['40/1'])).toEqual([])
  expect(await sweep(0, ['41/1'])).toEqual(['claim of stack staying', 'door of stack staying'])
  expect(await moto.world()).toEqual(world)
  await infrastructure.door?.close()
})

test('the mode takes what has expired, says why, and in a dry run only lists it', async () => {
  const before = await moto.world()
  await make('preview', { ttlMs: 1 })
  const sweepMode = async (dryRun: boolean) => {
    const lines: string[] = []
    const report = {
      step: async (_title: string, work: () => Promise<unknown>) => await work(),
      line: (text: string) => void lines.push(text),
      plan: (steps: { title: string }[]) => void lines.push(...steps.map(({ title }) => title)),
      output: () => {},
    }
    const { sweep: sweepAll } = await import('../../src/modes/sweep.ts')
    const lastStart = new Date(Date.now() + HOUR_MS)
    const settings = { ...account.settings({ asked: null }), mode: 'sweep', dryRun, lastStart }
    const hasEnded = async () => undefined
    const run = { settings, report, signal: AbortSignal.timeout(50_000), clock: systemClock, hasEnded }
    return { lines, outcome: await sweepAll(run as unknown as SweepRun) }
  }
  const world = await moto.world()
  const listed = await sweepMode(true)
  expect(listed.outcome).toEqual({ changed: false })
  expect(listed.lines).toEqual([expect.stringMatching(/^Remove stack preview: expired at \S+, .* old$/)])
  expect(await moto.world()).toEqual(world)
  expect((await sweepMode(false)).outcome).toEqual({ changed: true })
  expect(await moto.world()).toEqual(before)
  expect((await sweepMode(false)).outcome).toEqual({ changed: false })
})
