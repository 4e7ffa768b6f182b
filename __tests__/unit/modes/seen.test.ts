import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { lastingBalancer, wantedNodes } from '../../../src/modes/seen.ts'
import type { Node } from '../../../src/node.ts'

const node = (name: string): Node => ({
  name,
  address: '10.0.0.1',
  port: 22,
  privateAddress: '10.0.0.1',
  user: 'u',
  state: 'running',
  hostKeys: [],
})
const names = (nodes: Node[]) => nodes.map(({ name }) => name)

test('missing nodes take the free names', () => {
  expect(names(wantedNodes({ nodes: [node('node-3')] }, 3))).toEqual(['node-1', 'node-2', 'node-3'])
})

test('nodes with names of their own are filled up and none is dropped', () => {
  expect(names(wantedNodes({ nodes: [node('db'), node('node-1')] }, 3))).toEqual(['db', 'node-1', 'node-2'])
})

test('whatever stands stays, and there are as many as asked unless more stand', () => {
  const standing = fc.uniqueArray(fc.integer({ min: 1, max: 12 }).map((n) => `node-${n}`))
  fc.assert(
    fc.property(standing, fc.constantFrom(3, 5, 7), (there, count) => {
      const wanted = names(wantedNodes({ nodes: there.map(node) }, count))
      expect(wanted).toEqual(expect.arrayContaining(there))
      expect(wanted).toHaveLength(Math.max(there.length, count))
      expect(new Set(wanted).size).toBe(wanted.length)
    }),
  )
})

test('certificates name a load balancer whose address stays, and none whose address goes with it', () => {
  const balancer = { address: 'lb.example.org', targets: [], serving: true }
  expect(lastingBalancer({ loadBalancer: balancer })).toBe('lb.example.org')
  expect(lastingBalancer({ loadBalancer: { ...balancer, passing: true } })).toBeUndefined()
  expect(lastingBalancer({ loadBalancer: undefined })).toBeUndefined()
})
