import { expect, test } from '@jest/globals'
import { freePods, type Member, renderPeers } from '../../../../lab/cloud/pods.ts'

const member = (pods: number, stack = 'a'): Member => ({ stack, pods, address: `172.31.0.${pods}`, pid: pods })

test('a machine finds the pods of its stack’s other machines, and of no other stack’s', () => {
  const { bridge, ip } = renderPeers(member(2), [member(2), member(30), member(4, 'b')])
  expect(bridge).toEqual(['fdb replace 02:42:0a:2a:1e:00 dev flannel.1 dst 172.31.0.30'])
  expect(ip).toEqual([
    'neigh replace 10.42.30.0 lladdr 02:42:0a:2a:1e:00 dev flannel.1 nud permanent',
    'route replace 10.42.30.0/24 via 10.42.30.0 dev flannel.1 onlink',
  ])
})

test('a machine gets the lowest number nobody has, and none when there is none', () => {
  expect(freePods([])).toBe(2)
  expect(freePods([2, 3, 5])).toBe(4)
  expect(() => freePods(Array.from({ length: 249 }, (_, at) => at + 2))).toThrow('249 machines')
})
