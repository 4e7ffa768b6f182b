import { expect, test } from '@jest/globals'
import { StackError } from '../../../src/errors.ts'
import { createReport } from '../../../src/report/create-report.ts'
import type { Runner } from '../../../src/report/runner.ts'
import { fakeClock } from '../../fake-clock.ts'

/** Writes down all it is told, in order. */
function scriptedRunner() {
  const told: string[] = []
  const runner: Runner = {
    line: (text) => void told.push(text),
    open: (heading) => void told.push(`>> ${heading}`),
    close: () => void told.push('<<'),
    output: (name, value) => void told.push(`output ${name}=${value}`),
    warning: (text) => void told.push(`warning ${text}`),
    error: (text) => void told.push(`error ${text}`),
    mask: (secret) => void told.push(`mask ${secret}`),
    async summary(markdown) {
      told.push(`summary ${markdown.split('\n')[0]}`)
    },
  }
  return { told, runner }
}

test('a step is one group with what it took below it', async () => {
  const { told, runner } = scriptedRunner()
  const clock = fakeClock()
  const report = createReport(runner, clock)
  const result = await report.step(
    'Create node-1',
    async () => {
      report.line('node-1: created')
      await clock.pass(3000)
      return 7
    },
    { at: 1, of: 2 },
  )
  expect(result).toBe(7)
  expect(told).toEqual(['>> [1/2] Create node-1', 'node-1: created', '<<', '✓ [1/2] Create node-1 (3 s)'])
})

test('a failed step passes its error on and says so below the group', async () => {
  const { told, runner } = scriptedRunner()
  const report = createReport(runner, fakeClock())
  const error = new StackError('ssh', 'node-1 does not answer')
  await expect(report.step('Look', () => Promise.reject(error))).rejects.toBe(error)
  expect(told.at(-1)).toBe('✗ Look (0 ms): node-1 does not answer')
})

test('steps that run together are told one after another, none of their lines lost or mixed', async () => {
  const { told, runner } = scriptedRunner()
  const report = createReport(runner, fakeClock())
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const one = report.step('one', async () => {
    report.line('one begins')
    await first.promise
    report.line('one ends')
  })
  const two = report.step('two', async () => {
    report.line('two begins')
    await second.promise
    report.line('two ends')
  })
  const three = report.step('three', async () => report.line('three'))
  await three
  first.resolve()
  await one
  second.resolve()
  await two
  expect(told).toEqual([
    ...['>> one', 'one begins', 'one ends', '<<', '✓ one (0 ms)'],
    ...['>> two', 'two begins', 'two ends', '<<', '✓ two (0 ms)'],
    ...['>> three', 'three', '<<', '✓ three (0 ms)'],
  ])
})

test('every 20 s the open group tells what it waits for, and what runs beside it', async () => {
  const { told, runner } = scriptedRunner()
  const clock = fakeClock()
  const report = createReport(runner, clock)
  const gate = Promise.withResolvers<void>()
  const one = report.step('one', async () => {
    report.waitingFor('node-1 to answer')
    report.waitingFor('node-1 to answer')
    await gate.promise
  })
  const two = report.step('two', () => gate.promise)
  await clock.pass(45_000)
  gate.resolve()
  await Promise.all([one, two])
  await clock.pass(60_000)
  expect(told).toEqual([
    '>> one',
    'Waiting for node-1 to answer',
    '… 20 s: waiting for node-1 to answer (meanwhile: two)',
    '… 40 s: waiting for node-1 to answer (meanwhile: two)',
    ...['<<', '✓ one (45 s)', '>> two', '<<', '✓ two (45 s)'],
  ])
})

test('where nothing is waited for, the heartbeat tells the last line of the step', async () => {
  const { told, runner } = scriptedRunner()
  const clock = fakeClock()
  const report = createReport(runner, clock)
  const gate = Promise.withResolvers<void>()
  const step = report.step('one', async () => {
    report.line('pulling images')
    await gate.promise
  })
  await clock.pass(20_000)
  gate.resolve()
  await step
  expect(told).toContain('… 20 s: still running; last seen: pulling images')
})

test('plan and conformance are outputs at once', () => {
  const { told, runner } = scriptedRunner()
  const report = createReport(runner, fakeClock())
  report.plan([], 'abc')
  report.conformance([{ id: 'odd', sentence: 'Odd', ok: false, evidence: '2 nodes' }])
  expect(told).toEqual([
    'output plan=[]',
    'output plan-digest=abc',
    'Plan: nothing to do. What stands is what was asked for.',
    'output conformance=[{"id":"odd","sentence":"Odd","ok":false,"evidence":"2 nodes"}]',
    'NO   Odd: 2 nodes',
    '0 of 1 sentences of the recommended architecture hold.',
  ])
})

test('a failed run ends with its kind, what stands and what to do', async () => {
  const { told, runner } = scriptedRunner()
  const report = createReport(runner, fakeClock())
  report.output('rancher-url', 'https://r.example.org')
  report.failure(new StackError('lease', 'held by run 7', { stands: 'Nothing was changed.', next: 'Wait.' }))
  await report.close()
  expect(told.slice(1)).toEqual([
    'output error-kind=lease',
    'Rancher: https://r.example.org',
    'error Failed (lease): held by run 7\nStanding: Nothing was changed.\nNext: Wait.',
    'summary ## Rancher: https://r.example.org',
  ])
})

test('what is open when the run ends is told as left, whatever it says later', async () => {
  const { told, runner } = scriptedRunner()
  const clock = fakeClock()
  const report = createReport(runner, clock)
  const gate = Promise.withResolvers<void>()
  const one = report.step('one', () => gate.promise)
  const two = report.step('two', async () => {
    report.line('two begins')
    await gate.promise
  })
  await report.close()
  const open = ['>> one', '<<', '✗ one: left unfinished', '>> two', 'two begins', '<<', '✗ two: left unfinished']
  expect(told).toEqual([...open, 'summary ## Rancher HA'])
  gate.resolve()
  await Promise.all([one, two])
  await clock.pass(60_000)
  expect(told).toHaveLength(8)
})
