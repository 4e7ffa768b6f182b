import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { renderCommand, shellQuote } from '../../../src/remote/shell.ts'

const word = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '%', '!', '*', '~', '#', '&', ';'),
      fc.string({ unit: 'grapheme' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))

/** What a real /bin/sh makes of a line. */
function sh(line: string): string {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`)
  return stdout
}

test('the shell reads back every quoted word, one for one', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      expect(sh(`printf '%s\\0' ${words.map(shellQuote).join(' ')}`)).toBe(words.map((text) => `${text}\0`).join(''))
    }),
    { numRuns: 60 },
  )
})

test('a rendered command reaches the inner shell untouched, marked with the session', () => {
  fc.assert(
    fc.property(word, word, (text, session) => {
      const line = renderCommand(`printf '%s|%s' "$RANCHER_HA_RUN" ${shellQuote(text)}`, { session, root: false })
      expect(sh(line)).toBe(`${session}|${text}`)
    }),
    { numRuns: 30 },
  )
})

test('a NUL character is refused, since no argument can hold it', () => {
  expect(() => shellQuote('a\0b')).toThrow('NUL')
})
