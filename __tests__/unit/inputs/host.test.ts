import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Expected } from '../../../src/inputs/expected.ts'
import { formatHost, parseEndpoint, parseHost, parseHosts } from '../../../src/inputs/host.ts'

test.each([
  ['10.0.0.1', { user: 'root', address: '10.0.0.1', port: 22 }],
  ['ubuntu@10.0.0.1:2222', { user: 'ubuntu', address: '10.0.0.1', port: 2222 }],
  ['node-1.example.org', { user: 'root', address: 'node-1.example.org', port: 22 }],
  ['fd00::1', { user: 'root', address: 'fd00::1', port: 22 }],
  ['u@[fd00::1]:2222', { user: 'u', address: 'fd00::1', port: 2222 }],
  ['[fd00::1]', { user: 'root', address: 'fd00::1', port: 22 }],
  ['a:1', { user: 'root', address: 'a', port: 1 }],
  ['a:65535', { user: 'root', address: 'a', port: 65_535 }],
  ['u@fd00::1', { user: 'u', address: 'fd00::1', port: 22 }],
])('%s', (text, endpoint) => expect(parseEndpoint(text, 'root')).toEqual(endpoint))

test.each(['', 'u@', '@a', 'a:ssh', 'a:0', 'a:65536', 'a:', 'a b', '[fd00::1', 'u@v@a', '[10.0.0.300]'])(
  '%j is refused',
  (text) => expect(() => parseEndpoint(text, 'root')).toThrow(Expected),
)

test('name and private address', () => {
  expect(parseHost('u@a.b name=n1 private=10.0.0.1', 'root', 'node-1')).toEqual({
    user: 'u',
    address: 'a.b',
    port: 22,
    name: 'n1',
    privateAddress: '10.0.0.1',
  })
})

test('blanks between the words may be several', () => {
  expect(parseHost('a   name=n1 \t private=10.0.0.1', 'root', 'node-1')).toMatchObject({ name: 'n1' })
})

test('what is wrong is told with what a line is', () => {
  const told = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      return error
    }
  }
  expect(told(() => parseHost('a zone=b', 'root', 'n'))).toMatchObject({
    message: '[user@]address[:port] [name=N] [private=ADDRESS]',
    got: 'zone=b',
  })
  expect(told(() => parseEndpoint('a b', 'root'))).toMatchObject({ message: '[user@]address[:port]', got: 'a b' })
})

test('only an IPv6 address stands in brackets', () => {
  const host = { user: 'u', address: '10.0.0.1', port: 22, name: 'n', privateAddress: '10.0.0.2' }
  expect(formatHost(host)).toBe('u@10.0.0.1:22 name=n private=10.0.0.2')
  expect(formatHost({ ...host, address: 'fd00::1' })).toBe('u@[fd00::1]:22 name=n private=10.0.0.2')
})

test.each(['a xname=b', 'a name=-x', 'a name=x-', 'a name=x_y', `a name=${'x'.repeat(64)}`])('%j is no host', (line) =>
  expect(() => parseHost(line, 'root', 'node-1')).toThrow(Expected),
)

test.each(['a zone=b', 'a name', 'a name=', 'a name=A', 'a name=x name=y', 'a private=x..y', 'a private=10.0.0.300'])(
  '%j is refused as a host',
  (line) => expect(() => parseHost(line, 'root', 'node-1')).toThrow(Expected),
)

test.each([
  ['the same machine', 'a\nb\nroot@a:22 private=c'],
  ['the same name', 'a name=x\nb name=x'],
  ['a name another got by its place', 'a name=node-2\nb'],
  ['the same private address', 'a private=10.0.0.1\nb private=10.0.0.1'],
])('%s twice is refused', (_, text) => expect(() => parseHosts(text, 'root')).toThrow(/once/))

test('hosts are named by their line, remarks not counted', () => {
  expect(parseHosts('# ours\na\n\nb name=x\nc', 'root').map(({ name }) => name)).toEqual(['node-1', 'x', 'node-3'])
})

test('what is formatted is read back', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
  const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)
  const host = fc.record({
    user: name,
    address,
    port: fc.integer({ min: 1, max: 65_535 }),
    name,
    privateAddress: address,
  })
  fc.assert(
    fc.property(host, (host) => {
      const wanted = { ...host, address: host.address.toLowerCase(), privateAddress: host.privateAddress.toLowerCase() }
      expect(parseHost(formatHost(wanted), 'someone', 'something')).toEqual(wanted)
    }),
  )
})
