import { expect, test } from '@jest/globals'
import { awaitName } from '../../../src/modes/await-name.ts'
import type { InstallRun } from '../../../src/run.ts'
import { fakeClock } from '../../fake-clock.ts'

const toMake = { type: 'CNAME', value: 'lb.elb.amazonaws.com' }

function setting() {
  const told: string[] = []
  const clock = fakeClock()
  const report = {
    step: (_title: string, work: () => Promise<unknown>) => work(),
    next: ({ text }: { text: string }) => void told.push(`next: ${text}`),
    warning: (text: string) => void told.push(`warning: ${text}`),
    waitingFor: (text: string) => void told.push(`waiting: ${text}`),
  }
  const run = { settings: { dnsWaitMs: 25_000 }, report, clock, signal: new AbortController().signal }
  return { told, clock, run: run as unknown as InstallRun }
}

const seen = (name: { addresses: string[]; toMake?: typeof toMake }) =>
  ({ infrastructure: { name: { hostname: 'r.example.org', ...name } } }) as unknown as Parameters<typeof awaitName>[1]

test('a name that resolves, or a record we make ourselves, is not waited for', async () => {
  const { run, told } = setting()
  expect(await awaitName(run, seen({ addresses: [] }), async () => [])).toEqual([])
  expect(await awaitName(run, seen({ addresses: ['10.0.0.1'], toMake }), async () => [])).toEqual([])
  expect(told).toEqual([])
})

test('a record that comes in time leaves nothing pending', async () => {
  const { run, clock, told } = setting()
  let asked = 0
  const waiting = awaitName(run, seen({ addresses: [], toMake }), async () => (++asked === 3 ? ['10.0.0.1'] : []))
  await clock.pass(20_000)
  expect(await waiting).toEqual([])
  expect(told[0]).toBe('next: Make this DNS record: r.example.org CNAME lb.elb.amazonaws.com')
  expect(told.filter((line) => line.startsWith('warning'))).toEqual([])
})

test('a record that does not come leaves the name pending, with a warning and no error', async () => {
  const { run, clock, told } = setting()
  const waiting = awaitName(run, seen({ addresses: [], toMake }), async () => [])
  await clock.pass(30_000)
  expect(await waiting).toEqual([
    { id: 'name-resolves', evidence: expect.stringContaining('nobody has made the record') },
  ])
  expect(told.at(-1)).toMatch(/^warning: The name is pending/)
})
