import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { maskable, withoutCommands } from '../../../src/report/runner.ts'

test('what a node says is no command to the runner', () => {
  expect(withoutCommands('::add-mask::x\n  ::error::y')).toBe(': :add-mask::x\n  : :error::y')
  expect(withoutCommands('text ##[error]z')).toBe('text ## [error]z')
  expect(withoutCommands('rancher::v1 is fine')).toBe('rancher::v1 is fine')
  fc.assert(
    fc.property(fc.array(fc.constantFrom(':', '::', ' ', '\n', 'a', '##[')), (parts) => {
      const text = withoutCommands(parts.join(''))
      expect(text).not.toMatch(/^\s*::/m)
      expect(text).not.toContain('##[')
    }),
  )
})

test('a secret of several lines is masked whole and line by line, its armour left readable', () => {
  expect(maskable('-----BEGIN KEY-----\nabcdefgh\nxy\n-----END KEY-----')).toEqual([
    '-----BEGIN KEY-----\nabcdefgh\nxy\n-----END KEY-----',
    'abcdefgh',
  ])
  expect(maskable('abc')).toEqual(['abc'])
  expect(maskable('')).toEqual([])
})
