import { expect, test } from '@jest/globals'
import { patiently } from '../../../src/rancher/patiently.ts'

/** As the SDK throws it. */
class Refused extends Error {
  readonly code: number
  readonly headers: Record<string, string>
  readonly body: unknown
  constructor(code: number, headers: Record<string, string> = {}, body?: unknown) {
    super(`HTTP-Code: ${code}`)
    this.code = code
    this.headers = headers
    this.body = body
  }
}

/** An API server that answers with these, one after another, and a clock that only its waits move. */
function serverOf(...answers: (Error | string)[]) {
  const waits: number[] = []
  let asked = 0
  const ask = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? ''
    asked += 1
    if (answer instanceof Error) throw answer
    return answer
  }
  const now = () => waits.reduce((sum, ms) => sum + ms, 0)
  const run = () =>
    patiently(ask, now, async (ms) => {
      waits.push(ms)
    })
  return { run, waits, asked: () => asked }
}

test('who is told to come back later does, when told, and gets the answer', async () => {
  const server = serverOf(new Refused(429, { 'retry-after': '3' }), new Refused(429), 'here it is')
  expect(await server.run()).toBe('here it is')
  expect(server.waits).toEqual([3_000, 1_000])
})

test('an API server that has lost its etcd member is asked again: it finds another', async () => {
  const said = 'rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout'
  const lost = new Refused(500, {}, JSON.stringify({ kind: 'Status', message: said }))
  const changed = new Refused(500, {}, { message: 'etcdserver: leader changed' })
  expect(await serverOf(lost, changed, 'here it is').run()).toBe('here it is')
})

test('what is no such answer is not asked again', async () => {
  for (const thrown of [
    new Refused(503, { 'retry-after': '1' }),
    new Refused(404),
    new Refused(500),
    new Error('connection refused'),
  ]) {
    const server = serverOf(thrown, 'too late')
    await expect(server.run()).rejects.toBe(thrown)
    expect(server.asked()).toBe(1)
  }
})

test('patience ends', async () => {
  const busy = new Refused(429, { 'retry-after': '6' })
  const server = serverOf(busy)
  await expect(server.run()).rejects.toBe(busy)
  expect(server.waits).toEqual([6_000, 6_000, 6_000])
})
