import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { withStackNames } from '../../../lab/hosts-file.ts'

const HERE = ['10.77.3.0/24']
const ours = '10.77.3.10 a.rancher.test # rancher-ha 1/a'
const elsewhere = '10.77.4.10 b.rancher.test # rancher-ha 1/b'
const FILE = `127.0.0.1 localhost\n${ours}\n${elsewhere}\n10.77.3.9 not-a-stack\n`

test('the names of stacks in these networks are replaced, all other lines stay', () => {
  const other = '10.77.3.10 c.rancher.test # rancher-ha 1/c'
  expect(withStackNames(FILE, HERE, [other])).toBe(
    `127.0.0.1 localhost\n${elsewhere}\n10.77.3.9 not-a-stack\n${other}\n`,
  )
})

test('what stands there already changes nothing', () => {
  const once = withStackNames(FILE, HERE, [ours])
  expect(withStackNames(once, HERE, [ours])).toBe(once)
})

test('a file without stacks is the same after, whatever is in it', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z0-9. ]{1,20}$/)), (lines) => {
      const text = `${['127.0.0.1 localhost', ...lines].join('\n')}\n`
      expect(withStackNames(text, HERE, [])).toBe(text)
    }),
  )
})

test('a stack that somebody gave another address has only its own one again', () => {
  const line = '10.77.3.10 ha.rancher.test # rancher-ha 4711/ha'
  const text = '127.0.0.1 localhost\n127.0.0.9 ha.rancher.test # rancher-ha 4711/ha\n10.78.0.10 ha.rancher.test\n'
  expect(withStackNames(text, ['10.77.3.0/24'], [line])).toBe(`127.0.0.1 localhost\n${line}\n`)
})
