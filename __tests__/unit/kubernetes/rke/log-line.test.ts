import { expect, test } from '@jest/globals'
import { parseLogLine } from '../../../../src/kubernetes/rke/log-line.ts'

test('a line of a pipe: time, level, message and phase', () => {
  expect(parseLogLine('time="2026-11-23T08:52:22Z" level=info msg="[etcd] Building up etcd plane.."')).toEqual({
    at: new Date('2026-11-23T08:52:22Z'),
    second: undefined,
    level: 'info',
    message: '[etcd] Building up etcd plane..',
    phase: 'etcd',
  })
})

test('a line of a terminal: seconds since the start instead of a time', () => {
  expect(parseLogLine('\x1b[36mINFO\x1b[0m[0012] [add/etcd] Adding member [etcd-node-2] to etcd cluster ')).toEqual({
    at: undefined,
    second: 12,
    level: 'info',
    message: '[add/etcd] Adding member [etcd-node-2] to etcd cluster',
    phase: 'add/etcd',
  })
})

test.each([
  ['time="2026-11-23T08:52:22Z" level=fatal msg="no \\"quorum\\""', 'fatal', 'no "quorum"'],
  ['time="2026-11-23T08:52:22Z" level=warning msg=short', 'warning', 'short'],
  ['FATA[0318] [etcd] unhealthy', 'fatal', '[etcd] unhealthy'],
  ['WARN[0002] Removing host [10.77.0.13] from node lists', 'warning', 'Removing host [10.77.0.13] from node lists'],
  ['panic: runtime error: invalid memory address', 'other', 'panic: runtime error: invalid memory address'],
  ['time="2026-11-23T08:52:22Z" level=error msg="a Go quote: \\x1b"', 'error', 'a Go quote: \\x1b'],
])('%s', (line, level, message) => {
  expect(parseLogLine(line)).toMatchObject({ level, message })
})
