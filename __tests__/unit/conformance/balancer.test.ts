import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { balancerForwards, judgeForwarding, type Watched } from '../../../src/conformance/balancer-forwards.ts'
import { flowsCommand, parseFlows, readFlows } from '../../../src/conformance/flows.ts'
import { fakeHost, fakeHosts } from './fake-hosts.ts'

const OWN = ['10.0.0.11']
const tracked = (source: string, target: string, port: number, state = 'ESTABLISHED') =>
  `tcp      6 86399 ${state} src=${source} dst=${target} sport=40312 dport=${port} src=10.42.0.3 dst=${source} sport=${port} dport=40312 [ASSURED] mark=0 use=1`

const lines: [string, string, string[]][] = [
  ['conntrack', tracked('10.0.0.5', '10.0.0.11', 443), ['10.0.0.5:40312']],
  ['conntrack, by the kernel', `ipv4     2 ${tracked('10.0.0.5', '10.0.0.11', 443)}`, ['10.0.0.5:40312']],
  ['conntrack, to the API from a pod', tracked('10.42.0.7', '10.43.0.1', 443), []],
  ['conntrack, another port', tracked('10.0.0.5', '10.0.0.11', 6443), []],
  ['conntrack, over', tracked('10.0.0.5', '10.0.0.11', 443, 'TIME_WAIT'), []],
  ['a socket', '0      0          10.0.0.11:443       10.0.0.5:40312', ['10.0.0.5:40312']],
  ['a socket of both families', '0      0      [::ffff:10.0.0.11]:443 [::ffff:10.0.0.5]:40312', ['10.0.0.5:40312']],
  ['a socket to elsewhere', '0      0      10.0.0.11:50000   10.43.0.1:443', []],
  ['conntrack, to the other family', tracked('10.0.0.5', '::ffff:10.0.0.11', 443), ['10.0.0.5:40312']],
  ['conntrack, cut off', 'tcp 6 86399 ESTABLISHED src=10.0.0.5 dst=10.0.0.11 sport=x dport=443', []],
  ['a socket with a zone', '0 0 10.0.0.11:443 [fe80::5%eth0]:40312', ['fe80::5:40312']],
  ['a socket of IPv6', '0 0 [fd00::11]:443 [fd00::5]:40312', ['fd00::5:40312']],
  ['a socket of IPv6 with ffff within', '0 0 [fd00::11]:443 [fd00::ffff:5]:40312', ['fd00::ffff:5:40312']],
  ['a socket of another port', '0 0 10.0.0.11:8443 10.0.0.5:40312', []],
  ['a socket whose far end has no port', '0 0 10.0.0.11:443 10.0.0.5', []],
  ['a socket of IPv6 whose far end has no port', '0 0 [fd00::11]:443 [fd00::5]:*', []],
  ['a socket, its state before it', 'ESTAB 0 0 10.0.0.11:443 10.0.0.5:40312', ['10.0.0.5:40312']],
  ['a socket, blanks around', '  0 0 10.0.0.11:443 10.0.0.5:40312  ', ['10.0.0.5:40312']],
  ['nothing', '', []],
  ['one word', '10.0.0.11:443', []],
  ['a message', 'conntrack v1.4.6 (conntrack-tools): 2 flow entries have been shown.', []],
]
test.each(lines)('connections are read from %s', (_name, line, ends) => {
  // Strictly: otherwise a list with undefined in it is as good as an empty one.
  expect([...parseFlows(line, 443, OWN)]).toStrictEqual(ends)
})

test('the tables of the node are asked one after the other, and its sockets in any case', () => {
  const list = 'conntrack -L -p tcp --orig-port-dst 443 --state ESTABLISHED 2>/dev/null'
  expect(flowsCommand(443)).toBe(
    `{ ${list} || docker exec kube-proxy ${list} || grep ESTABLISHED /proc/net/nf_conntrack 2>/dev/null || true; }; ss -Htn state established '( sport = :443 )' 2>/dev/null || true`,
  )
})

test('a node is asked by its own addresses', async () => {
  const asked: unknown[] = []
  const host = fakeHost('n1', () => tracked('10.0.0.5', '127.0.0.1', 443))
  const run: typeof host.run = (command, options) => {
    asked.push(command, options)
    return host.run(command, options)
  }
  const signal = AbortSignal.timeout(20_000)
  expect([...(await readFlows({ ...host, run }, 443, signal))]).toEqual(['10.0.0.5:40312'])
  expect(asked).toEqual([flowsCommand(443), { sudo: true, deadlineMs: 8_000, signal }])
})

test('one connection seen by both counts once', () => {
  const both = `${tracked('10.0.0.5', '10.0.0.11', 443)}\n0 0 10.0.0.11:443 10.0.0.5:40312`
  expect(parseFlows(both, 443, OWN).size).toBe(1)
})

const at = (before: string[], during: string[], later: string[], after: string[]) => ({
  before: new Set(before),
  during: new Set(during),
  later: new Set(later),
  after: new Set(after),
})
const ours = at(['old'], ['old', 'a'], ['old', 'a'], ['old'])
const watched = (third: ReturnType<typeof at> | undefined): Watched => ({
  held: 6,
  failures: [],
  nodes: new Map([['n1', ours], ['n2', ours], ...(third ? [['n3', third] as const] : [])]),
})
const verdicts: [string, ReturnType<typeof at> | undefined, boolean, RegExp][] = [
  ['seen at each', ours, true, /n1: 1, n2: 1, n3: 1/],
  ['a node left out', at(['old'], ['old'], ['old'], ['old']), false, /n3: 0/],
  ['only a health check', at([], ['check'], ['check2'], []), false, /n3: 0/],
  ["only somebody else's", at([], ['theirs'], ['theirs'], ['theirs']), false, /n3: 0/],
  ['a node that cannot be asked', undefined, false, /n3: could not be asked/],
]
test.each(verdicts)('the balancer forwards: %s', (_name, third, ok, evidence) => {
  const verdict = judgeForwarding(['n1', 'n2', 'n3'], 80, watched(third))
  expect(verdict.evidence).toMatch(evidence)
  expect(verdict.ok).toBe(ok)
})

test('without nodes nothing is forwarded, and what failed is told once', () => {
  expect(judgeForwarding([], 80, { ...watched(ours), nodes: new Map() }).ok).toBe(false)
  const failures = ['refused', 'refused', 'closed']
  expect(judgeForwarding(['n1'], 443, { ...watched(ours), failures })).toEqual({
    ok: true,
    evidence: 'of 6 connections held to port 443, seen at n1: 1; 3 failed (refused, closed)',
  })
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A balancer by turns over so many nodes, which answers HTTP; each "node" lists its own sockets. */
async function balancer(nodes: number, { speaks = true, lingersMs = 0 } = {}) {
  const at = Array.from({ length: nodes }, () => new Set<Socket>())
  let turn = 0
  const server = createServer((socket) => {
    const mine = at[turn++ % nodes]
    mine?.add(socket)
    socket.on('close', () => setTimeout(() => mine?.delete(socket), lingersMs))
    socket.on('error', () => {})
    socket.on('data', () => speaks && socket.write('HTTP/1.1 308 Permanent Redirect\r\nContent-Length: 0\r\n\r\n'))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const list = (node: number) =>
    [...(at[node] ?? [])].map((socket) => `0 0 127.0.0.1:80 127.0.0.1:${socket.remotePort}`).join('\n')
  return { port: (server.address() as AddressInfo).port, list }
}

async function askBalancer(nodes: number, how?: Parameters<typeof balancer>[1]) {
  const { port, list } = await balancer(nodes, how)
  const names = ['n1', 'n2', 'n3']
  const asked: string[] = []
  const host = (name: string, at: number) =>
    fakeHost(name, (command) => {
      asked.push(command)
      return list(at)
    })
  const target = { hostname: 'h.test', address: '127.0.0.1', ports: { http: port, https: port } }
  const probe = balancerForwards(
    {
      hostname: 'h.test',
      expectedNodes: names,
      hosts: fakeHosts(...names.map(host)),
      client: async () => ({ target }) as never,
      loadBalancer: '127.0.0.1',
    } as never,
    80,
  )
  return { verdict: await probe.ask(AbortSignal.timeout(20_000)), asked }
}

test('connections held through a balancer are seen at every node', async () => {
  const { verdict, asked } = await askBalancer(3)
  expect(verdict).toEqual({ ok: true, evidence: 'of 6 connections held to port 80, seen at n1: 2, n2: 2, n3: 2' })
  expect(new Set(asked)).toEqual(new Set([flowsCommand(80)]))
})

test('connections are given time to be seen to go', async () => {
  const { verdict } = await askBalancer(3, { lingersMs: 300 })
  expect(verdict.evidence).toMatch(/n1: 2, n2: 2, n3: 2/)
})

test('a balancer that leaves out a node is found', async () => {
  const { verdict } = await askBalancer(2)
  expect(verdict.ok).toBe(false)
  expect(verdict.evidence).toMatch(/n1: \d+, n2: \d+, n3: 0/)
}, 20_000)

test('a connect alone is not enough', async () => {
  const { verdict } = await askBalancer(3, { speaks: false })
  expect(verdict).toMatchObject({
    ok: false,
    evidence: expect.stringMatching(/of 0 connections.*6 failed \(no answer on port/),
  })
}, 20_000)
