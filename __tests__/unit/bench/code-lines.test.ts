import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { codeLines, isCode } from '../../../bench/figures/code-lines.ts'

test.each([
  ['a.ts', '// one\n\n/** two\n * three */\nconst a = 1 // four\n', 1],
  ['a.ts', 'const text = `first\n\n// no comment\n`\n', 4],
  ['a.mjs', "const url = 'http://a' /* b */\n", 1],
  ['a.go', '/* one\ntwo */\nfunc a() {}\n// b\nvar s = "// no comment"\n', 2],
  ['a.sh', '#!/bin/sh\n# a\n\necho "# b"\n', 2],
])('%s: %j', (file, text, lines) => expect(codeLines(file, text)).toBe(lines))

test('blank lines and comments between statements count for nothing', () => {
  const filler = fc.array(fc.constantFrom('', '  ', '// a', '/* b */'), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(filler, { maxLength: 6 }), (gaps) => {
      const text = gaps.flatMap((gap, at) => [...gap, `call(${at})`]).join('\n')
      expect(codeLines('a.ts', text)).toBe(gaps.length)
    }),
  )
})

test('pages, pictures and data are no code', () => {
  expect(['a.ts', 'b.sh', 'c.go', 'd.md', 'e.json', 'f.svg'].filter(isCode)).toEqual(['a.ts', 'b.sh', 'c.go'])
})
