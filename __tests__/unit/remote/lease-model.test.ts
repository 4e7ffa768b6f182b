import { expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../../src/errors.ts'
import { type NodeLease, takeLeaseOver } from '../../../src/remote/node-lease.ts'
import { ballotOf, type LeaseNode, leaseNode } from '../../fakes/ballots.ts'
import { manualClock, settled } from '../../fakes/manual-clock.ts'

jest.setTimeout(Number(process.env['LEASE_TIMEOUT'] ?? 120_000))

const NAMES = ['a', 'b', 'c']
const node = fc.constantFrom(...NAMES)
/** How many messages arrive before the next event; the others are late. */
const messages = fc.constantFrom(0, 1, 3, 1000, 1000, 1000)
const runner = fc.constantFrom(0, 1)

type Event =
  | { kind: 'take'; runner: number; messages: number }
  | { kind: 'release'; runner: number }
  /** The way from one runner to these nodes is cut, or comes back. */
  | { kind: 'cut' | 'mend'; runner: number; nodes: string[] }
  | { kind: 'wipe' | 'reboot'; node: string }
  /** Time passes, and so many messages arrive after each bell that rings; the others are late. */
  | { kind: 'wait'; ms: number; messages: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const), runner, messages }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), runner }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut' as const, 'mend' as const),
      runner,
      nodes: fc.constantFrom(['a'], ['b'], ['c'], NAMES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wipe' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reboot' as const), node }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1000, 10_000, 25_000, 31_000, 95_000),
      messages,
    }),
  },
)

/** All of the stack's memory gone within half a minute is the one case no lease on the nodes can stand. */
function isLastRecord(nodes: LeaseNode[], name: string): boolean {
  return nodes.every((one) => one.name === name || one.content === '')
}

/** What an earlier run left. */
function released(): string {
  return JSON.stringify({ uptimeAtRenewal: 0, bootId: 'boot-1', generation: 1, members: NAMES, holder: null })
}

test('whatever is cut, wiped, rebooted and delayed, no two runs hold the lease at once', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.boolean(),
      fc.array(event, { minLength: 6, maxLength: 40 }),
      async (scheduler, isKnown, events) => {
        taken += await play(scheduler, isKnown, events)
      },
    ),
    { numRuns: Number(process.env['LEASE_RUNS'] ?? 300), ...replay() },
  )
  // A model in which nobody ever gets the lease would hold, too.
  expect(taken).toBeGreaterThan(100)
})

/** What fast-check printed of a failure, to see it again. */
function replay(): { seed?: number; path?: string } {
  const { LEASE_SEED: seed, LEASE_PATH: path } = process.env
  return { ...(seed === undefined ? {} : { seed: Number(seed) }), ...(path === undefined ? {} : { path }) }
}

/**
 * Plays the events on three nodes.
 *
 * @param isKnown whether an earlier run left its record on them
 * @returns how often the lease was taken
 * @throws what went wrong, wherever that was: a promise that nobody awaits would hide it from fast-check
 */
async function play(scheduler: fc.Scheduler, isKnown: boolean, events: Event[]): Promise<number> {
  const nodes = NAMES.map(leaseNode)
  if (isKnown) for (const one of nodes) one.content = released()
  const cut = new Set<string>()
  const held: NodeLease[] = []
  const wrong: unknown[] = []
  let sessions = 0
  let taken = 0
  let messages = 1000

  const check = () => {
    const valid = held.filter(({ lost }) => !lost.aborted)
    if (valid.length > 1) wrong.push(new Error(`Two hold it: ${valid.map(({ session }) => session).join(', ')}`))
    if (wrong.length > 0) throw wrong[0]
  }
  const deliver = async (count: number) => {
    for (let arrived = 0; arrived < count && scheduler.count() > 0; arrived += 1) {
      await scheduler.waitOne()
      check()
    }
    await settled()
    check()
  }
  const clock = manualClock(async () => {
    await settled()
    await deliver(messages)
  })

  const take = async (by: number) => {
    sessions += 1
    const ways = nodes.map((one) =>
      ballotOf(one, clock, async () => {
        await scheduler.schedule(Promise.resolve(), `${by} to ${one.name}`)
        if (cut.has(`${by}${one.name}`)) throw new Error('cut')
      }),
    )
    const lease = await takeLeaseOver(ways, {
      stack: { name: 's', owner: '1', ownerName: 'o/r' },
      run: { id: String(by), attempt: 1 },
      members: NAMES,
      waitMs: 0,
      log: () => undefined,
      clock,
      session: `${by}-${sessions}`,
      ballotOf: () => ways[0] as (typeof ways)[0],
    })
    taken += 1
    held.push(lease)
    check()
  }
  const release = async (by: number) => {
    const index = held.findIndex(({ session }) => session.startsWith(`${by}-`))
    const [lease] = index < 0 ? [] : held.splice(index, 1)
    await lease?.[Symbol.asyncDispose]()
  }
  /** Starts what ends when its messages have arrived. Not to get the lease is no fault. */
  const start = (act: Promise<void>) => {
    act.catch((error: unknown) => {
      if (!(error instanceof StackError && error.kind === 'lease')) wrong.push(error)
    })
  }

  for (const next of events) {
    if (next.kind === 'take') start(take(next.runner))
    if (next.kind === 'release') start(release(next.runner))
    if (next.kind === 'cut') for (const name of next.nodes) cut.add(`${next.runner}${name}`)
    if (next.kind === 'mend') for (const name of next.nodes) cut.delete(`${next.runner}${name}`)
    if (next.kind === 'wait') {
      messages = next.messages
      await clock.advance(next.ms)
    }
    const there = 'node' in next ? nodes.find(({ name }) => name === next.node) : undefined
    if (next.kind === 'reboot' && there !== undefined) {
      there.bootedAt = clock.now()
      there.boots += 1
    }
    if (next.kind === 'wipe' && there !== undefined && !isLastRecord(nodes, there.name)) there.content = ''
    await deliver(next.kind === 'take' ? next.messages : 1)
  }
  messages = 1000
  await clock.advance(100_000)
  return taken
}
