import { afterEach, expect, test } from '@jest/globals'
import { patienceAfter, stopSignal } from '../../src/stop-signal.ts'
import { fakeClock } from '../fake-clock.ts'

const opened: Disposable[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one[Symbol.dispose]()
})
function open<T extends Disposable>(one: T): T {
  opened.push(one)
  return one
}

test('the deadline stops a run, and says so', async () => {
  const clock = fakeClock()
  const stop = open(stopSignal(new Date(clock.now() + 1000), clock))
  await clock.pass(999)
  expect(stop.signal.aborted).toBe(false)
  await clock.pass(1)
  expect(stop.signal.reason).toMatchObject({ kind: 'timeout', message: expect.stringContaining('deadline') })
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops a run instead of ending the process', (name) => {
  const clock = fakeClock()
  const stop = open(stopSignal(new Date(clock.now() + 1000), clock))
  process.emit(name, name)
  expect(stop.signal.reason).toMatchObject({ kind: 'timeout', message: `The run was cancelled (${name}).` })
})

test('once disposed it watches no more', async () => {
  const clock = fakeClock()
  const before = process.listenerCount('SIGINT')
  const stop = stopSignal(new Date(clock.now() + 1000), clock)
  expect(process.listenerCount('SIGINT')).toBe(before + 1)
  stop[Symbol.dispose]()
  expect(process.listenerCount('SIGINT')).toBe(before)
  await clock.pass(2000)
  expect(stop.signal.aborted).toBe(false)
})

test('patience ends so long after the signal, and not before it', async () => {
  const clock = fakeClock()
  const stop = new AbortController()
  const patience = open(patienceAfter(stop.signal, 5000, clock))
  let over: unknown
  patience.over.catch((reason: unknown) => {
    over = reason
  })
  await clock.pass(60_000)
  stop.abort('stopped')
  await clock.pass(4999)
  expect(over).toBeUndefined()
  await clock.pass(1)
  await clock.pass(0)
  expect(over).toBe('stopped')
})
