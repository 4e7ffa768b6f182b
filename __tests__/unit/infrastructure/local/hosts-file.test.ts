import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { findEntry, foreignAddresses, hostsMark, withEntry } from '../../../../src/infrastructure/local/hosts-file.ts'

const mark = hostsMark({ owner: '42', name: 'rancher' })
const entry = { address: '10.77.4.10', hostname: 'rancher.example.test' }
const line = fc.stringMatching(/^[ -~]{0,40}$/).filter((text) => !text.endsWith(mark))
const content = fc.array(line, { minLength: 1 }).map((lines) => `${lines.join('\n')}\n`)

test('what was put in is found, and taking it out gives the file back to the byte', () => {
  fc.assert(
    fc.property(content, (given) => {
      const put = withEntry(given, mark, entry)
      expect(findEntry(put, mark)).toEqual(entry)
      expect(put.startsWith(given)).toBe(true)
      expect(withEntry(put, mark, undefined)).toBe(given)
      expect(withEntry(put, mark, entry)).toBe(put)
    }),
  )
})

test('the stack has one line, whatever it had before', () => {
  const moved = withEntry(withEntry('127.0.0.1 localhost', mark, entry), mark, { ...entry, address: '10.77.5.10' })
  expect(moved).toBe(`127.0.0.1 localhost\n10.77.5.10 rancher.example.test ${mark}\n`)
})

test('the line of a stack whose name begins alike is another one', () => {
  const longer = `10.77.9.10 other.example.test ${hostsMark({ owner: '142', name: 'rancher' })}\n`
  const also = `10.77.8.10 more.example.test ${mark}-2\n`
  expect(findEntry(longer + also, mark)).toBeUndefined()
  expect(withEntry(longer + also, mark, undefined)).toBe(longer + also)
})

test('lines of others that give the name an address are told, comments and other names are not', () => {
  const file = `${withEntry('', mark, entry)}10.0.0.9 alias ${entry.hostname} # mine\n# 10.0.0.8 ${entry.hostname}\n10.0.0.7 x.${entry.hostname}\n`
  expect(foreignAddresses(file, mark, entry.hostname)).toEqual(['10.0.0.9'])
})
