import { StackError } from '../../src/errors.ts'
import type { Ballot } from '../../src/remote/ballot.ts'
import type { Host } from '../../src/remote/host.ts'
import type { NodeLease } from '../../src/remote/lease.ts'
import { isVoter, parseRecord } from '../../src/remote/lease-record.ts'
import { releaseLeaseOver, takeLeaseOver } from '../../src/remote/node-lease.ts'
import { ballotOf, hasty, type LeaseNode, leaseNode } from './ballots.ts'
import { type Arrivals, lateNet } from './late-net.ts'
import { manualClock } from './manual-clock.ts'

export const NAMES = ['a', 'b', 'c']

type Patience = {
  /** How long the run waits for another holder. */
  waitMs: number
  /** After which it gives up a message, which may arrive all the same; undefined for never. */
  deadlineMs: number | undefined
}

export type Event =
  | ({ kind: 'take'; runner: number } & Patience)
  | { kind: 'release'; runner: number }
  | { kind: 'admit'; runner: number; node: string }
  /** What runs there is told to stop, or is killed; post then frees what it held. */
  | { kind: 'cancel' | 'kill'; runner: number }
  /** Messages between them are lost, or held up, or go their way again. */
  | { kind: 'cut' | 'stall' | 'mend'; runner: number; node: string }
  | { kind: 'wipe' | 'reboot'; node: string }
  | { kind: 'wait'; ms: number }

/** What happens, and what arrives before the next event and after each bell that rings; all else is late. */
export type Step = Event & { arrivals: Arrivals }

export const ALL: Arrivals = { count: 1000, of: 'all', nth: 0 }

/** One process of a run; a killed one sends nothing any more, but what it had sent arrives. */
type Process = {
  runner: number
  session: string
  stop: AbortController
  isKilled: boolean
  hasWon: boolean
  lease: NodeLease | undefined
}

/**
 * Plays the steps on three nodes.
 *
 * @param known those on which an earlier run left its record
 * @returns how many took the lease and were not killed
 * @throws what went wrong, wherever that was: a promise that nobody awaits would hide it from fast-check
 */
export async function play(known: string[], steps: Step[]): Promise<number> {
  const nodes = NAMES.map((name) => ({ ...leaseNode(name), content: known.includes(name) ? released() : '' }))
  const net = lateNet()
  let arrivals = ALL
  const clock = manualClock(() => net.deliver(arrivals, check))
  const processes: Process[] = []
  const wrong: unknown[] = []

  const check = () => {
    const valid = processes.filter(({ lease }) => lease?.lost.aborted === false)
    if (valid.length > 1) wrong.push(new Error(`Two hold it: ${valid.map(({ session }) => session).join(', ')}`))
    if (wrong.length > 0) throw wrong[0]
  }
  /** Starts what ends when its messages have arrived. Not to get the lease is no fault, nor not to reach a node. */
  const start = (act: Promise<void> | undefined) => {
    act?.catch((error: unknown) => {
      if (!(error instanceof StackError && ['lease', 'ssh'].includes(error.kind))) wrong.push(error)
    })
  }
  const waysOf = (process: Process) =>
    nodes.map((node) =>
      ballotOf(node, clock, async () => {
        if (process.isKilled) await new Promise(() => undefined)
        await net.send(process.runner, node.name, new StackError('ssh', 'The way is cut.'))
      }),
    )

  const take = async (runner: number, { waitMs, deadlineMs }: Patience) => {
    const session = `${runner}-${processes.length + 1}`
    const stop = new AbortController()
    const process: Process = { runner, session, stop, isKilled: false, hasWon: false, lease: undefined }
    processes.push(process)
    const ways = waysOf(process).map((way) => (deadlineMs === undefined ? way : hasty(way, clock, deadlineMs)))
    const lease = await takeLeaseOver(ways, {
      stack: { name: 's', owner: '1', ownerName: 'o/r' },
      run: { id: String(runner), attempt: 1 },
      members: NAMES,
      waitMs,
      log: () => undefined,
      clock,
      session,
      signal: stop.signal,
      ballotOf: ({ node: { name } }) => ways.find(({ node }) => node === name) as Ballot,
    })
    if (!process.isKilled) Object.assign(process, { lease, hasWon: true })
    check()
  }
  const release = async (process: Process) => {
    const { lease } = process
    process.lease = undefined
    await lease?.[Symbol.asyncDispose]()
  }
  const kill = async (process: Process) => {
    Object.assign(process, { isKilled: true, hasWon: false, lease: undefined })
    const post = { ...process, isKilled: false }
    await releaseLeaseOver(waysOf(post), { session: process.session, log: () => undefined })
  }

  const happen = (event: Event) => {
    const node = nodes.find(({ name }) => 'node' in event && name === event.node) as LeaseNode
    if ('runner' in event) return happenAt(event, node)
    if (event.kind === 'reboot') Object.assign(node, { bootedAt: clock.now(), boots: node.boots + 1 })
    if (event.kind === 'wipe' && !isLastMemory(nodes, node, processes)) node.content = ''
  }
  const happenAt = (event: Extract<Event, { runner: number }>, node: LeaseNode) => {
    const { runner } = event
    const running = processes.filter((one) => one.runner === runner && !one.isKilled)
    const holding = running.find(({ lease }) => lease !== undefined)
    if (event.kind === 'take') start(take(runner, event))
    if (event.kind === 'release' && holding !== undefined) start(release(holding))
    if (event.kind === 'admit') start(holding?.lease?.admit({ node: { name: node.name } } as Host))
    if (event.kind === 'cancel') for (const { stop } of running) stop.abort(new StackError('lease', 'Stopped.'))
    if (event.kind === 'kill') for (const process of running) start(kill(process))
    if (event.kind === 'cut') net.cut(runner, node.name)
    if (event.kind === 'stall') net.stall(runner, node.name)
    if (event.kind === 'mend') net.mend(runner, node.name)
  }

  for (const step of steps) {
    arrivals = step.arrivals
    happen(step)
    await clock.advance(step.kind === 'wait' ? step.ms : 0)
  }
  arrivals = ALL
  await clock.advance(100_000)
  return processes.filter(({ hasWon }) => hasWon).length
}

/** What an earlier run left. */
function released(): string {
  return JSON.stringify({ uptimeAtRenewal: 0, bootId: 'boot-1', generation: 1, members: NAMES, holder: null })
}

/**
 * All of the stack's memory gone within half a minute is the one case no lease on the nodes can stand. What a run wrote
 * where there was none is no memory before that run has won: it may take it back the next moment.
 */
function isLastMemory(nodes: LeaseNode[], node: LeaseNode, processes: Process[]): boolean {
  const winners = processes.filter(({ hasWon }) => hasWon).map(({ session }) => session)
  return nodes.every((one) => {
    const session = parseRecord(one.content)?.holder?.session
    return one === node || !(isVoter(one.content) || (session !== undefined && winners.includes(session)))
  })
}
