import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { makeTls } from '../../e2e/eye/certificates.ts'
import { startChild } from '../../e2e/load/child.ts'
import { atPace } from '../../e2e/load/pace.ts'
import { type LoadReport, startReport } from '../../e2e/load/report.ts'
import { keptConnection, newConnections } from '../../e2e/load/request.ts'
import type { LoadSettings } from '../../e2e/load/steady-load.ts'
import type { WriterReport, WriterSettings } from '../../e2e/load/steady-writes.ts'
import { type Target, throwStranger } from '../../e2e/load/target.ts'
import { repositoryFolder } from '../../runner/action-file.ts'

const hostname = 'load.rancher.test'
const tls = makeTls(hostname)
const fine = { reason: undefined, resent: false, tookMs: 1 }
let server: Server
let target: Target
let connections = 0

beforeAll(async () => {
  server = createServer({ cert: tls.certificate, key: tls.privateKey }, (request, response) => {
    if (request.url === '/drop') return request.socket.destroy()
    if (request.url === '/half') {
      response.write('half')
      return setImmediate(() => request.socket.destroy())
    }
    response.statusCode = request.url === '/busy' ? 503 : request.method === 'POST' ? 201 : 200
    response.end('pong')
  })
  server.on('secureConnection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  target = { hostname, address: '127.0.0.1', ca: tls.ca, port: (server.address() as AddressInfo).port }
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('a line', () => {
  test('opens a connection for each request, or keeps one', async () => {
    for (const [line, expected] of [[newConnections(target), 3] as const, [keptConnection(target), 1] as const]) {
      const before = connections
      for (let turn = 0; turn < 3; turn += 1) expect(await line.send({ path: '/ping' })).toMatchObject({ status: 200 })
      line.close()
      expect(connections - before).toBe(expected)
    }
  })

  test('tells why a request failed', async () => {
    const line = newConnections(target)
    expect(await line.send({ path: '/busy' })).toMatchObject({ status: 503, reason: 'HTTP 503', resent: false })
    expect((await line.send({ path: '/drop' })).reason).toMatch(/ECONNRESET/)
    expect((await line.send({ path: '/half' })).reason).toMatch(/aborted|ECONNRESET/)
    const stranger = newConnections({ ...target, ca: makeTls(hostname).ca })
    expect((await stranger.send({ path: '/ping' })).reason).toMatch(/certificate|signature/i)
  })

  test('sends once more what met a kept connection that was closed, and nothing else', async () => {
    const line = keptConnection(target)
    await line.send({ path: '/ping' })
    expect(await line.send({ path: '/drop' })).toMatchObject({ resent: true, reason: expect.stringMatching(/./) })
    await line.send({ path: '/ping' })
    expect(await line.send({ path: '/half' })).toMatchObject({ resent: false, reason: expect.stringMatching(/./) })
    line.close()
  })
})

describe('a report', () => {
  test('counts what was answered, resent and failed, and finds the longest gap', () => {
    const report = startReport(0)
    report.ended('new', '/a', fine, 100)
    report.ended('kept', '/a', { reason: undefined, resent: true, tookMs: 40 }, 200)
    report.ended('new', '/b', { reason: 'HTTP 503', resent: false, tookMs: 5 }, 2_000)
    report.ended('new', '/b', fine, 3_200)
    expect(report.finish(3_300)).toEqual({
      seconds: 3,
      sent: 4,
      answered: 3,
      resent: 1,
      failed: 1,
      failures: [{ at: new Date(2_000).toISOString(), line: 'new', path: '/b', reason: 'HTTP 503', tookMs: 5 }],
      longestGapMs: 3_000,
      longestGapAt: new Date(200).toISOString(),
      slowestMs: 40,
    })
  })

  test('the longest gap is at least as long as the time since the last answer, and no longer than all of it', () => {
    const waits = fc.array(fc.record({ wait: fc.nat(5_000), fails: fc.boolean() }), { maxLength: 30 })
    fc.assert(
      fc.property(waits, fc.nat(5_000), (ends, last) => {
        const report = startReport(0)
        let now = 0
        let answeredAt = 0
        for (const { wait, fails } of ends) {
          now += wait
          report.ended('new', '/', { ...fine, reason: fails ? 'x' : undefined }, now)
          if (!fails) answeredAt = now
        }
        const { longestGapMs, sent, answered, failed } = report.finish(now + last)
        expect(longestGapMs).toBeGreaterThanOrEqual(now + last - answeredAt)
        expect(longestGapMs).toBeLessThanOrEqual(now + last)
        expect(answered + failed).toBe(sent)
      }),
    )
  })
})

describe('bounds', () => {
  test.each(['8.8.8.8', '10.76.1.1', '192.168.1.1', 'localhost', '::1', ''])('%s gets no load', (address) => {
    expect(() => throwStranger({ ...target, address })).toThrow(/no address of the lab/)
  })

  test.each(['127.0.0.1', '10.77.130.10', '10.78.0.10'])('%s is of the lab', (address) => {
    expect(() => throwStranger({ ...target, address })).not.toThrow()
  })

  test.each([
    { everyMs: 1, count: 10, seconds: 10 },
    { everyMs: Number.NaN, count: 10, seconds: 10 },
    { everyMs: 100, count: 1_000_000, seconds: 10 },
    { everyMs: 100, count: 10, seconds: 100_000 },
  ])('%j is no bounded load', async (bounds) => {
    await expect(atPace(bounds, new AbortController().signal, async () => {})).rejects.toThrow(/^load: /)
  })

  test('so many and no more', async () => {
    const turns: number[] = []
    await atPace({ everyMs: 20, count: 3, seconds: 60 }, new AbortController().signal, async (turn) => {
      turns.push(turn)
    })
    expect(turns).toEqual([0, 1, 2])
  })

  test('what was late is not made up for', async () => {
    const began: number[] = []
    const startedAt = performance.now()
    await atPace({ everyMs: 50, count: 4, seconds: 60 }, new AbortController().signal, async (turn) => {
      began.push(performance.now() - startedAt)
      if (turn === 0) await new Promise((resolve) => setTimeout(resolve, 300))
    })
    expect((began[3] ?? 0) - (began[1] ?? 0)).toBeGreaterThan(80)
  })
})

describe('as a process of its own', () => {
  const script = (name: string) => join(repositoryFolder, '__tests__/e2e/load', name)

  test('load ends when it is told to, with its report', async () => {
    await using load = startChild<LoadSettings, LoadReport>(script('steady-load.ts'), {
      target,
      paths: ['/ping', '/busy'],
      bounds: { everyMs: 20, count: 1_000, seconds: 60 },
      lines: { opening: 1, keeping: 1 },
    })
    await once(server, 'secureConnection')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const report = await load.stop()
    expect(report.sent).toBeGreaterThan(4)
    expect(report.failed).toBeGreaterThan(0)
    expect(report.failures.every(({ path, reason }) => path === '/busy' && reason === 'HTTP 503')).toBe(true)
    expect(new Set(report.failures.map(({ line }) => line))).toEqual(new Set(['new', 'kept']))
  })

  test('load ends by itself when it has sent as many as it may', async () => {
    const load = startChild<LoadSettings, LoadReport>(script('steady-load.ts'), {
      target,
      paths: ['/ping'],
      bounds: { everyMs: 20, count: 5, seconds: 60 },
      lines: { opening: 1, keeping: 1 },
    })
    await load.ended
    expect(await load.stop()).toMatchObject({ sent: 10, answered: 10, failed: 0 })
  })

  test('a writer tells which writes were acknowledged', async () => {
    const settings = {
      ...{ target, bearer: 'token', namespace: 'default', prefix: 'w' },
      bounds: { everyMs: 20, count: 3, seconds: 60 },
    }
    const writer = startChild<WriterSettings, WriterReport>(script('steady-writes.ts'), settings)
    await writer.ended
    const { acknowledged, unknown } = await writer.stop()
    expect(acknowledged.map(({ name }) => name)).toEqual(['w-00001', 'w-00002', 'w-00003'])
    expect(unknown).toEqual([])
  })

  test('no load for a stranger', async () => {
    const load = startChild<LoadSettings, LoadReport>(script('steady-load.ts'), {
      target: { ...target, address: '192.0.2.1' },
      paths: ['/ping'],
      bounds: { everyMs: 20, count: 5, seconds: 5 },
      lines: { opening: 1, keeping: 0 },
    })
    await expect(load.stop()).rejects.toThrow(/exit code 1/)
  })
})
