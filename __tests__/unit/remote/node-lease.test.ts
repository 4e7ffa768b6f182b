import { expect, test } from '@jest/globals'
import type { Ballot } from '../../../src/remote/ballot.ts'
import type { BallotOptions, NodeLease } from '../../../src/remote/lease.ts'
import { isVoter, parseRecord } from '../../../src/remote/lease-record.ts'
import { takeLeaseOver } from '../../../src/remote/node-lease.ts'
import { ballotOf, type LeaseNode, leaseNode } from '../../fakes/ballots.ts'
import { manualClock } from '../../fakes/manual-clock.ts'
import { tries } from '../remedies/tries.ts'

/** Three nodes, and runners that may be cut from them. */
function lab(names = ['a', 'b', 'c']) {
  const clock = manualClock()
  const nodes = names.map(leaseNode)
  const log: string[] = []
  const runner = (session: string, given: Partial<BallotOptions> = {}) => {
    const cut = new Set<string>()
    /** What is done only once the promise is kept, such as "swap a". */
    const slow = new Map<string, Promise<void>>()
    const ballot = (node: LeaseNode): Ballot => {
      const way = ballotOf(node, clock, async () => {
        if (cut.has(node.name)) throw new Error('cut')
      })
      const after = async <T>(what: string, act: () => Promise<T>) => {
        await slow.get(`${what} ${node.name}`)
        return await act()
      }
      return {
        node: way.node,
        read: () => after('read', () => way.read()),
        swap: (...given) => after('swap', () => way.swap(...given)),
        endSession: (session) => after('end', () => way.endSession(session)),
      }
    }
    const options: BallotOptions = {
      stack: { name: 'prod', owner: '1', ownerName: 'acme/infra' },
      run: { id: session, attempt: 1 },
      members: names,
      waitMs: 0,
      log: (line) => log.push(line),
      clock,
      session,
      ballotOf: ({ node }) => ballot(nodes.find(({ name }) => name === node.name) as LeaseNode),
      ...given,
    }
    return { cut, slow, take: () => takeLeaseOver(nodes.map(ballot), options) }
  }
  const holders = () => nodes.map(({ content }) => parseRecord(content)?.holder?.session)
  return { clock, nodes, log, runner, holders }
}

test('the first run takes the lease, renews it, and releases it with its generation kept', async () => {
  const { clock, runner, holders, nodes } = lab()
  const lease = await runner('one').take()
  expect([lease.holder, lease.generation, holders()]).toEqual(['one/1', 1, ['one', 'one', 'one']])
  await clock.advance(300_000)
  expect(lease.lost.aborted).toBe(false)
  expect(parseRecord(nodes[0]?.content ?? '')?.uptimeAtRenewal).toBe(1300)
  await lease[Symbol.asyncDispose]()
  expect(holders()).toEqual([undefined, undefined, undefined])
  expect((await runner('two').take()).generation).toBe(2)
})

test('a second run is told who holds the lease', async () => {
  const { clock, runner } = lab()
  await runner('one').take()
  await clock.advance(8000)
  await expect(runner('two').take()).rejects.toMatchObject({
    kind: 'lease',
    message:
      'The lease of stack "prod" was not taken: run one, attempt 1, of acme/infra holds it, renewed 8 s ago on a.',
  })
})

test('a second run that may wait goes on when the first is done', async () => {
  const { clock, runner, log } = lab()
  const first = await runner('one').take()
  const second = runner('two', { waitMs: 600_000 }).take()
  await clock.advance(60_000)
  await first[Symbol.asyncDispose]()
  await clock.advance(5000)
  expect((await second).generation).toBe(2)
  expect(log).toContainEqual(expect.stringMatching(/^Waiting for the lease: run one/))
})

test('who waits in vain is told so at the end of the wait', async () => {
  const { clock, runner } = lab()
  await runner('one').take()
  const second = expect(runner('two', { waitMs: 30_000 }).take()).rejects.toMatchObject({ kind: 'lease' })
  await clock.advance(30_000)
  await second
})

test('a holder that is cut from a majority has lost after 30 s, long before another may take over and end its work', async () => {
  const { clock, log, runner, nodes } = lab()
  const first = runner('one')
  const lease = await first.take()
  await clock.advance(0)
  first.cut.add('b').add('c')
  await clock.advance(29_000)
  expect(lease.lost.aborted).toBe(false)
  await clock.advance(1000)
  expect(lease.lost.reason).toMatchObject({ kind: 'lease' })
  expect(log[0]).toBe('The lease was renewed only on a. b: cut c: cut')
  await clock.advance(55_000)
  await expect(runner('two').take()).rejects.toMatchObject({ kind: 'lease' })
  await clock.advance(35_000)
  expect((await runner('two').take()).generation).toBe(2)
  expect(nodes.map(({ ended }) => ended)).toEqual([['one'], ['one'], ['one']])
})

test('a node wiped during a lease is nobody’s vote until a holder gives it its copy', async () => {
  const { clock, runner, nodes, holders } = lab()
  const first = runner('one')
  const lease = await first.take()
  const [, b, c] = nodes as [LeaseNode, LeaseNode, LeaseNode]
  b.content = ''
  await clock.advance(30_000)
  expect([lease.lost.aborted, holders()]).toEqual([false, ['one', undefined, 'one']])
  const second = runner('two')
  second.cut.add('a')
  c.content = '' // a second one: only the wiped two answer
  await expect(second.take()).rejects.toThrow('a did not answer, and b, c has no record of it')
})

test('a node rebuilt during a lease gives no second majority', async () => {
  const { clock, runner, nodes } = lab()
  await (await runner('zero').take())[Symbol.asyncDispose]()
  const first = runner('one')
  first.cut.add('c')
  const lease = await first.take()
  const [, b] = nodes as [LeaseNode, LeaseNode]
  b.content = ''
  const second = runner('two')
  second.cut.add('a')
  await expect(second.take()).rejects.toMatchObject({ kind: 'lease' })
  await clock.advance(30_000)
  expect(lease.lost.aborted).toBe(true)
})

test('a node made anew under the lease is admitted, and then carries it', async () => {
  const { clock, runner, nodes, holders } = lab()
  const lease = await runner('one').take()
  const [a, b] = nodes as [LeaseNode, LeaseNode]
  b.content = ''
  await admit(lease, 'b')
  a.content = ''
  await clock.advance(60_000)
  expect([lease.lost.aborted, holders()]).toEqual([false, [undefined, 'one', 'one']])
})

/** Run "two" holds the lease; b was away since run "one" did, and is back. */
async function leftBehind() {
  const made = lab()
  const [first, second] = [made.runner('one'), made.runner('two')]
  const former = await first.take()
  first.cut.add('b')
  await former[Symbol.asyncDispose]()
  second.cut.add('b')
  const lease = await second.take()
  expect(made.holders()).toEqual(['two', 'one', 'two'])
  second.cut.clear()
  return { ...made, lease, b: made.nodes[1] as LeaseNode }
}

test('a node that was away while its holder released the others is admitted, and what that one left there is ended', async () => {
  const { clock, holders, lease, b } = await leftBehind()
  await admit(lease, 'b')
  await clock.advance(60_000)
  expect([lease.lost.aborted, holders()]).toEqual([false, ['two', 'two', 'two']])
  expect(b.ended).toEqual(['one'])
})

test.each([
  ['of a later lease', (content: string) => content.replace(/"generation":\d+/, '"generation":9')],
  ['of other members', (content: string) => content.replace('["a","b","c"]', '["b","d","e"]')],
])('a node with a record %s is not admitted', async (_what, change) => {
  const { lease, b } = await leftBehind()
  const changed = change(b.content)
  expect(changed).not.toBe(b.content)
  b.content = changed
  await expect(admit(lease, 'b')).rejects.toThrow('b says another run holds the lease.')
  expect(b.content).toBe(changed)
})

test('who has lost the lease admits nobody', async () => {
  const { clock, runner, nodes } = lab()
  const first = runner('one')
  const lease = await first.take()
  for (const name of 'abc') first.cut.add(name)
  await clock.advance(40_000)
  first.cut.clear()
  const [a] = nodes as [LeaseNode]
  a.content = ''
  await expect(admit(lease, 'a')).rejects.toMatchObject({ kind: 'lease' })
  expect(a.content).toBe('')
})

test('who loses the lease while it looks at a node gives that node nothing', async () => {
  const { clock, runner, nodes } = lab()
  const first = runner('one')
  const lease = await first.take()
  await clock.advance(0)
  const [a] = nodes as [LeaseNode]
  a.content = ''
  const answered = Promise.withResolvers<void>()
  first.slow.set('read a', answered.promise)
  const admitted = expect(admit(lease, 'a')).rejects.toMatchObject({ kind: 'lease' })
  await clock.advance(1000)
  first.cut.add('b').add('c')
  await clock.advance(31_000)
  answered.resolve()
  await admitted
  expect(a.content).toBe('')
})

test('a node made anew is no voter before its holder has renewed what it was given', async () => {
  const { clock, runner, nodes } = lab()
  const lease = await runner('one').take()
  await clock.advance(0)
  const [a] = nodes as [LeaseNode]
  a.content = ''
  await admit(lease, 'a')
  expect(isVoter(a.content)).toBe(false)
  await clock.advance(15_000)
  expect(isVoter(a.content)).toBe(true)
})

test('without any record all members must answer', async () => {
  const { runner, nodes } = lab()
  const first = runner('one')
  first.cut.add('c')
  await expect(first.take()).rejects.toThrow('c did not answer, and a, b has no record of it')
  expect(nodes.map(({ content }) => content)).toEqual(['', '', ''])
})

test('where most lost their record, who might still hold it is waited for', async () => {
  const { clock, runner, nodes } = lab()
  const first = await runner('one').take()
  await first[Symbol.asyncDispose]()
  for (const node of nodes.slice(1)) node.content = ''
  let isTaken = false
  const second = runner('two')
    .take()
    .then(() => {
      isTaken = true
    })
  await clock.advance(29_000)
  expect(isTaken).toBe(false)
  await clock.advance(1000)
  await second
})

test('a run that is stopped while it waits for one that might still hold it has written nothing', async () => {
  const { clock, runner, nodes, log } = lab()
  await (await runner('one').take())[Symbol.asyncDispose]()
  for (const node of nodes.slice(1)) node.content = ''
  const before = nodes.map(({ content }) => content)
  const stop = new AbortController()
  const second = expect(runner('two', { signal: stop.signal, waitMs: 60_000 }).take()).rejects.toThrow('enough')
  await clock.advance(10_000)
  expect(log).toContainEqual(expect.stringMatching(/^Most nodes lost their record of the lease: waiting 30 s/))
  stop.abort(new Error('enough'))
  await second
  await clock.advance(60_000)
  expect(nodes.map(({ content }) => content)).toEqual(before)
})

test('what a first run writes counts as a vote once it has renewed it, which is at once', async () => {
  const { clock, runner, nodes } = lab()
  await runner('one').take()
  expect(nodes.map(({ content }) => isVoter(content))).toEqual([false, false, false])
  await clock.advance(0)
  expect(nodes.map(({ content }) => isVoter(content))).toEqual([true, true, true])
})

test('what an expired holder left running is ended before the first vote takes its name away', async () => {
  const { clock, runner, nodes, holders } = lab()
  const first = runner('one')
  await first.take()
  await clock.advance(0)
  for (const name of 'abc') first.cut.add(name)
  await clock.advance(91_000)
  const second = runner('two')
  const answered = Promise.withResolvers<void>()
  second.slow.set('end b', answered.promise)
  const taking = second.take()
  await clock.advance(0)
  expect([holders(), nodes[0]?.ended, nodes[2]?.ended]).toEqual([['one', 'one', 'one'], ['one'], ['one']])
  answered.resolve()
  await taking
  expect([holders(), nodes[1]?.ended]).toEqual([['two', 'two', 'two'], ['one']])
})

test('a node on which an expired holder cannot be ended keeps the lease from being taken over', async () => {
  const { clock, runner, holders } = lab()
  const first = runner('one')
  await first.take()
  await clock.advance(0)
  for (const name of 'abc') first.cut.add(name)
  await clock.advance(91_000)
  const second = runner('two')
  second.cut.add('c')
  await expect(second.take()).rejects.toThrow('what a run with an expired lease left running could not be ended')
  expect(holders()).toEqual(['one', 'one', 'one'])
})

test('a runner that slept through the loss of its lease knows when it wakes, and admits nobody', async () => {
  for (const act of ['admit', 'wait'] as const) {
    const { clock, runner, nodes } = lab()
    let sleptMs = 0
    const lease = await runner('one', { clock: { ...clock, now: () => clock.now() + sleptMs } }).take()
    await clock.advance(0)
    const [a] = nodes as [LeaseNode]
    a.content = ''
    sleptMs = 31_000
    if (act === 'admit') await expect(admit(lease, 'a')).rejects.toThrow('a lease that is not held')
    else await clock.advance(1000)
    expect([lease.lost.aborted, a.content]).toEqual([true, ''])
  }
})

test('a lease counts from before its first vote', async () => {
  const { clock, runner } = lab()
  const one = runner('one')
  await (await one.take())[Symbol.asyncDispose]()
  const answered = Promise.withResolvers<void>()
  one.slow.set('swap c', answered.promise)
  const taking = one.take()
  await clock.advance(20_500)
  answered.resolve()
  const lease = await taking
  for (const name of 'abc') one.cut.add(name)
  await clock.advance(9400)
  expect(lease.lost.aborted).toBe(false)
  await clock.advance(100)
  expect(lease.lost.aborted).toBe(true)
})

test('of two that start at once one gets it', async () => {
  const { runner } = lab()
  const both = await Promise.allSettled([runner('one').take(), runner('two').take()])
  expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
})

test('a stack that grows is held by a majority of its old nodes and of its new ones', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const { runner, holders } = lab(names)
  const small = runner('one', { members: ['a', 'b', 'c'] })
  for (const name of 'defg') small.cut.add(name)
  await (await small.take())[Symbol.asyncDispose]()
  const grown = await runner('two').take()
  expect(holders()).toEqual(names.map(() => 'two'))
  await grown[Symbol.asyncDispose]()
  const stale = runner('three', { members: ['a', 'b', 'c'] })
  for (const name of 'cdefg') stale.cut.add(name)
  await expect(stale.take()).rejects.toMatchObject({ kind: 'lease' })
})

test('a minority suffices only when it is said that the others are fenced', async () => {
  const { clock, runner, nodes } = lab()
  await (await runner('one').take())[Symbol.asyncDispose]()
  const lonely = runner('two')
  lonely.cut.add('a').add('b')
  await expect(lonely.take()).rejects.toMatchObject({ kind: 'lease' })
  const fenced = runner('three', { allowMinority: true })
  fenced.cut.add('a').add('b')
  const lease = await fenced.take()
  await clock.advance(120_000)
  expect(lease.lost.aborted).toBe(false)
  expect(parseRecord(nodes[2]?.content ?? '')?.holder?.session).toBe('three')
})

test('an answer that was lost does not cost the node', async () => {
  const { clock, runner, nodes } = lab()
  const lease = await runner('one').take()
  const [a, b] = nodes as [LeaseNode, LeaseNode]
  for (const node of [a, b]) node.content = node.content.replace(/"uptimeAtRenewal":\d+/, '"uptimeAtRenewal":999')
  await clock.advance(60_000)
  expect(lease.lost.aborted).toBe(false)
})

async function admit(lease: NodeLease, name: string): Promise<void> {
  await lease.admit({ node: { name } } as Parameters<NodeLease['admit']>[0])
}

test('a lease whose nodes are gone is forgotten: nothing is asked of them any more, and nothing is said', async () => {
  const { clock, runner, log, holders } = lab()
  const one = runner('one')
  const lease = await one.take()
  for (const name of ['a', 'b', 'c']) one.cut.add(name)
  lease.forget()
  await clock.advance(120_000)
  await lease[Symbol.asyncDispose]()
  expect(log).toEqual([])
  expect(lease.lost.aborted).toBe(false)
  expect(holders()).toEqual(['one', 'one', 'one'])
})

test('a lease that could not be released is told, with its nodes', async () => {
  const { runner, log } = lab()
  const one = runner('one')
  const lease = await one.take()
  one.cut.add('b')
  await lease[Symbol.asyncDispose]()
  expect(log).toEqual(['The lease of run one, attempt 1, of acme/infra stands on b until it expires'])
})

const held = lab()
const lonely = lab()
const lostOne = lab()
const growing = lab()

tries('lease', [
  [
    'Let that run end, or set wait-for-lease.',
    async () => {
      const first = await held.runner('one').take()
      try {
        await held.runner('two').take()
      } finally {
        await first[Symbol.asyncDispose]()
      }
    },
    async () => (await held.runner('three').take())[Symbol.asyncDispose](),
    async () => {
      const first = await held.runner('four').take()
      const waits = held.runner('five', { waitMs: 600_000 }).take()
      await held.clock.advance(30_000)
      await first[Symbol.asyncDispose]()
      await held.clock.advance(5000)
      await (await waits)[Symbol.asyncDispose]()
    },
  ],
  [
    'Bring a majority of the nodes back, or use mode restore.',
    () => {
      const cut = lonely.runner('one')
      cut.cut.add('a').add('b')
      return cut.take()
    },
    async () => (await lonely.runner('two').take())[Symbol.asyncDispose](),
  ],
  [
    'Look whether the nodes run and are reachable, then run again.',
    async () => {
      const one = lostOne.runner('one')
      const lease = await one.take()
      await lostOne.clock.advance(0)
      one.cut.add('b').add('c')
      await lostOne.clock.advance(31_000)
      throw lease.lost.reason
    },
    async () => {
      await lostOne.clock.advance(100_000)
      await lostOne.runner('two').take()
    },
  ],
  [
    'Run the same again: it goes on from what stands.',
    async () => {
      const one = growing.runner('one', { members: ['a', 'b'] })
      const lease = await one.take()
      one.cut.add('a').add('b')
      await growing.clock.advance(31_000)
      await admit(lease, 'c')
    },
    async () => {
      await growing.clock.advance(100_000)
      await admit(await growing.runner('two', { members: ['a', 'b'] }).take(), 'c')
    },
  ],
])
