import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { StackError } from '../../src/errors.ts'
import type { Lease } from '../../src/remote/lease.ts'
import type { Report } from '../../src/report/report.ts'
import { runSteps } from '../../src/run-steps.ts'
import { lastStart, readySteps } from '../../src/schedule.ts'
import type { Apply, Step } from '../../src/steps.ts'
import { fakeClock } from '../fake-clock.ts'
import { tries } from './remedies/tries.ts'

const step = (id: string, needs: string[] = [], deadlineMs = 60_000): Step => ({
  id,
  title: `Do ${id}`,
  deadlineMs,
  needs,
  change: { room: 'kubernetes', kind: id },
})

function setting() {
  const clock = fakeClock()
  const cancel = new AbortController()
  const lost = new AbortController()
  const lease: Lease = { holder: '1/1', generation: 1, lost: lost.signal, async [Symbol.asyncDispose]() {} }
  const outputs: string[] = []
  const headings: string[] = []
  const report = {
    output: (name: string, value: string) => void outputs.push(`${name}=${value}`),
    step(title: string, work: () => Promise<unknown>, place: { at: number; of: number }) {
      headings.push(`${place.at}/${place.of} ${title}`)
      return work()
    },
  } as unknown as Report
  const lastStart = new Date(clock.now() + 3_600_000)
  return { clock, cancel, lost, outputs, headings, context: { lease, report, signal: cancel.signal, clock, lastStart } }
}

/** Plans of up to eight steps, each needing any of those before it. */
const plan = fc.array(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), { minLength: 1, maxLength: 8 }).map((needs) =>
  needs.map((of, at) =>
    step(
      `s${at}`,
      [...new Set(of.filter((need) => need < at))].map((need) => `s${need}`),
    ),
  ),
)

/** An apply whose steps each end when let go, and that writes down the order of beginnings and ends. */
function gated(fails: Set<string> = new Set()) {
  const gates = new Map<string, () => void>()
  const events: string[] = []
  const apply: Apply = async ({ kind }) => {
    events.push(`begin ${kind}`)
    await new Promise<void>((resolve) => gates.set(kind, resolve))
    events.push(`end ${kind}`)
    if (fails.has(kind)) throw new StackError('kubernetes', `${kind} broke`, { next: 'Mend it.' })
  }
  const letGo = async (pick: (count: number) => number) => {
    const names = [...gates.keys()]
    const name = names[pick(names.length)]
    if (name === undefined) return false
    gates.get(name)?.()
    gates.delete(name)
    await new Promise((resolve) => setImmediate(resolve))
    return true
  }
  return { apply, events, letGo }
}

test('whatever ends first, no step begins before what it needs has ended, and none waits for what it does not need', async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), async (steps, picks) => {
      const { context } = setting()
      const { apply, events, letGo } = gated()
      const run = runSteps(steps, apply, context)
      for (const pick of picks) {
        const ended = new Set(events.filter((event) => event.startsWith('end')).map((event) => event.slice(4)))
        const begun = new Set(events.filter((event) => event.startsWith('begin')).map((event) => event.slice(6)))
        expect(steps.filter(({ needs }) => needs.every((need) => ended.has(need))).map(({ id }) => id)).toEqual(
          steps.filter(({ id }) => begun.has(id)).map(({ id }) => id),
        )
        await letGo((count) => (count === 0 ? 0 : pick % count))
      }
      await run
      expect(events).toHaveLength(2 * steps.length)
    }),
  )
})

test('after a failure nothing new begins, what runs is awaited, and the error says what is not done', async () => {
  await fc.assert(
    fc.asyncProperty(plan, fc.nat(), fc.nat(), async (steps, which, pick) => {
      const { context } = setting()
      const broken = `s${which % steps.length}`
      const { apply, events, letGo } = gated(new Set([broken]))
      const run = runSteps(steps, apply, context).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      while (await letGo((count) => pick % Math.max(1, count)));
      const error = (await run) as StackError
      expect(error).toMatchObject({ kind: 'kubernetes', message: `Do ${broken}: ${broken} broke`, next: 'Mend it.' })
      expect(error.stands).toContain(`Do ${broken}`)
      expect(events.slice(events.indexOf(`end ${broken}`)).filter((event) => event.startsWith('begin'))).toEqual([])
      for (const event of events.filter((text) => text.startsWith('begin'))) {
        expect(events).toContain(event.replace('begin', 'end'))
      }
    }),
  )
})

test('steps are told with their place in the plan, and the first one means a change', async () => {
  const { context, headings, outputs } = setting()
  await runSteps([step('a'), step('b', ['a'])], async () => {}, context)
  expect(headings).toEqual(['1/2 Do a', '2/2 Do b'])
  expect(outputs).toEqual(['changed=true'])
})

test('an empty plan changes nothing', async () => {
  const { context, outputs } = setting()
  await runSteps([], () => Promise.reject(new Error('called')), context)
  expect(outputs).toEqual([])
})

test('a step past its deadline is told to stop and fails the run by name', async () => {
  const { context, clock } = setting()
  let reason: unknown
  const obedient: Apply = (_change, _lease, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
        reject(new Error('killed'))
      })
    })
  const run = runSteps([step('slow', [], 5000)], obedient, context)
  const failed = expect(run).rejects.toMatchObject({
    kind: 'timeout',
    message: 'Do slow: was not done within 5 s',
    stands: 'Done: 0 of 1 steps. Not done: Do slow.',
  })
  await clock.pass(5000)
  await failed
  expect(reason).toMatchObject({ kind: 'timeout' })
})

test('a step that does not stop when told to is left behind', async () => {
  const { context, clock } = setting()
  const run = runSteps([step('deaf', [], 5000)], () => new Promise(() => {}), context)
  const failed = expect(run).rejects.toMatchObject({ kind: 'timeout' })
  await clock.pass(4999)
  await clock.pass(20_000)
  await failed
})

test('a lost lease stops what runs and starts nothing new', async () => {
  const { context, lost } = setting()
  const begun: string[] = []
  const apply: Apply = async ({ kind }, _lease, signal) => {
    begun.push(kind)
    lost.abort(new Error('not renewed for 30 s'))
    signal.throwIfAborted()
  }
  await expect(runSteps([step('a'), step('b', ['a'])], apply, context)).rejects.toMatchObject({ kind: 'lease' })
  expect(begun).toEqual(['a'])
})

test('a cancelled run fails with the reason it was given', async () => {
  const { context, cancel } = setting()
  cancel.abort(new StackError('timeout', 'The job was cancelled.', { next: 'Run it again.' }))
  const run = runSteps([step('a')], () => Promise.reject(new Error('called')), context)
  await expect(run).rejects.toMatchObject({ kind: 'timeout', message: 'The job was cancelled.' })
})

test('what a part says of itself does not hide what the steps before it changed', async () => {
  const { context } = setting()
  const steps = [step('a'), step('b', ['a'])]
  const failsAt = (kind: string, stands: string): Apply => {
    return async (change) => {
      if (change.kind === kind) throw new StackError('cloud', 'No.', { stands })
    }
  }
  const run = (kind: string, stands: string) => runSteps(steps, failsAt(kind, stands), context)
  await expect(run('a', 'Nothing was changed.')).rejects.toMatchObject({ stands: 'Nothing was changed.' })
  const done = 'Done: 1 of 2 steps. Not done: Do b.'
  await expect(run('b', 'Nothing was changed.')).rejects.toMatchObject({ stands: done })
  await expect(run('b', 'The data stands.')).rejects.toMatchObject({ stands: `${done} The data stands.` })
})

test('two failures are both told', async () => {
  const { context } = setting()
  const run = runSteps([step('a'), step('b')], ({ kind }) => Promise.reject(new Error(`${kind}!`)), context)
  await expect(run).rejects.toMatchObject({ kind: 'bug', message: 'Do a: a!\nDo b: b!' })
})

test.each([
  ['an id twice', [step('a'), step('a')], 'two steps "a"'],
  ['a need nobody meets', [step('a', ['x'])], 'needs "x"'],
  ['a circle', [step('a', ['b']), step('b', ['a'])], 'needs "b"'],
])('a plan with %s is refused before anything starts', async (_name, steps, text) => {
  const { context } = setting()
  const run = runSteps(steps, () => Promise.reject(new Error('called')), context)
  await expect(run).rejects.toMatchObject({ kind: 'bug', message: expect.stringContaining(text) })
})

test('a step that runs is not ready', () => {
  const steps = [step('a'), step('b')]
  expect(readySteps(steps, new Set(), new Set(['a'])).map(({ id }) => id)).toEqual(['b'])
})

test('near its end a run begins no new step, awaits the one that runs, and says what is not done', async () => {
  const { context, clock } = setting()
  const begun: string[] = []
  const apply: Apply = async ({ kind }) => {
    begun.push(kind)
    if (kind === 'two') await clock.pass(3_600_001)
  }
  const steps = [step('one'), step('two', ['one'], 2 * 3_600_000), step('three', ['two'])]
  const failure = await runSteps(steps, apply, context).catch((error: StackError) => error)
  expect(begun).toEqual(['one', 'two'])
  expect(failure).toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining(context.lastStart.toISOString()),
    stands: 'Done: 2 of 3 steps. Not done: Do three.',
    next: expect.stringContaining('Run the same again'),
  })
})

test('a plan whose last step began in time is done, however late it ends', async () => {
  const { context, clock } = setting()
  const apply: Apply = async () => {
    await clock.pass(3_600_001)
  }
  await expect(runSteps([step('one', [], 2 * 3_600_000)], apply, context)).resolves.toBeUndefined()
})

test('the last step begins 20 minutes before the deadline, and a short run keeps two thirds of its time', () => {
  const began = new Date('2026-01-01T00:00:00Z')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 * 3_600_000 }), (ms) => {
      const keptMs = lastStart(began, new Date(began.getTime() + ms)).getTime() - began.getTime()
      expect(keptMs).toBeCloseTo(Math.max(ms - 1_200_000, (ms * 2) / 3), -1)
    }),
  )
})

/** One run of a plan of two steps, whatever happens in it. */
const goes =
  (happens: (given: ReturnType<typeof setting>) => Apply, deadlineMs = 60_000) =>
  async () => {
    const given = setting()
    await runSteps([step('a', [], deadlineMs), step('b', ['a'], deadlineMs)], happens(given), given.context)
  }
const well = () => async () => {}

tries('lease', [
  [
    'Wait until the other run has ended, then run the same again.',
    goes(({ lost }) => async (_change, _lease, signal) => {
      lost.abort(new Error('not renewed for 30 s'))
      signal.throwIfAborted()
    }),
    goes(well),
  ],
])

tries('timeout', [
  [
    'Run the same again: it goes on from what stands.',
    goes(
      ({ clock }) =>
        async (_change, _lease, signal) => {
          await clock.pass(5000)
          signal.throwIfAborted()
        },
      5000,
    ),
    goes(well),
  ],
  [
    '… Give it more time if it has too little each time.',
    goes(
      ({ clock }) =>
        async () =>
          void (await clock.pass(3_600_001)),
      2 * 3_600_000,
    ),
    goes(({ clock, context }) => {
      context.lastStart = new Date(clock.now() + 9 * 3_600_000)
      return async () => void (await clock.pass(3_600_001))
    }, 2 * 3_600_000),
  ],
])
