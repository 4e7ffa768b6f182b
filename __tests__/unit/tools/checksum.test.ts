import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseChecksums } from '../../../src/tools/checksum.ts'

const digest = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 })
  .map((all) => all.join(''))
const name = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,20}$/)

test('what sha256sum prints is read back, for every file of the list', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(digest, name), { selector: ([, file]) => file, minLength: 1 }), (files) => {
      const text = files.map(([sha256, file], index) => `${sha256} ${index % 2 ? '*' : ' '}${file}\n`).join('')
      for (const [sha256, file] of files) expect(parseChecksums(text, file)).toBe(sha256)
      expect(parseChecksums(text, 'NOT-THERE')).toBeUndefined()
    }),
  )
})

test('a bare digest counts only when it stands alone', () => {
  const [one, two] = ['a'.repeat(64), 'B'.repeat(64)]
  expect(parseChecksums(`${two}\n`, 'helm')).toBe('b'.repeat(64))
  expect(parseChecksums(`${one}\n${two}\n`, 'helm')).toBeUndefined()
  expect(parseChecksums('<html>', 'helm')).toBeUndefined()
})
