import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseTargets, renderHaproxy, targetsIn } from '../../../../src/infrastructure/local/haproxy.ts'

const nodes = fc
  .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 7 })
  .map((numbers) => numbers.map((number) => ({ name: `node-${number}`, address: `10.77.4.${number + 10}` })))

test('forwards 80 and 443 byte by byte to each node, and judges both by port 80', () => {
  const config = renderHaproxy([
    { name: 'node-2', address: '10.77.4.12' },
    { name: 'node-1', address: '10.77.4.11' },
  ])
  expect(config).toContain('\n  mode tcp\n')
  expect(config.slice(config.indexOf('listen'))).toBe(`listen tcp-80
  bind :80
  server node-1 10.77.4.11:80 check port 80
  server node-2 10.77.4.12:80 check port 80
listen tcp-443
  bind :443
  server node-1 10.77.4.11:443 check port 80
  server node-2 10.77.4.12:443 check port 80
`)
})

test('the order in which nodes are given makes no difference', () => {
  fc.assert(fc.property(nodes, (given) => renderHaproxy(given) === renderHaproxy([...given].reverse())))
})

test('what is rendered forwards to exactly the given addresses', () => {
  fc.assert(
    fc.property(nodes, (given) => {
      expect(targetsIn(renderHaproxy(given))).toEqual(given.map(({ address }) => address).sort())
    }),
  )
})

test('reads the addresses the running process forwards both ports to', () => {
  // As HAProxy 2.6 answers, shortened to the columns up to the port.
  const answer = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight
2 tcp-80 1 node-1 10.77.200.11 0 0 1 1
2 tcp-80 2 node-2 10.77.200.12 2 0 1 1
2 tcp-80 3 node-3 10.77.200.13 2 0 1 1
3 tcp-443 1 node-1 10.77.200.11 0 0 1 1
3 tcp-443 2 node-2 10.77.200.12 2 0 1 1

`
  expect(parseTargets(answer)).toEqual(['10.77.200.11', '10.77.200.12'])
})

test.each(['', '1\n', 'Unknown command: show servers state\n'])('no state names no address: %j', (answer) => {
  expect(parseTargets(answer)).toEqual([])
})
