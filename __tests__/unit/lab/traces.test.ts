import { expect, test } from '@jest/globals'
import { deletions } from '../../../lab/host/traces.ts'

const RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -s 10.0.0.0/8 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -o br-lab -j DOCKER
-A FORWARD -i br-lab ! -o br-lab -j ACCEPT
-A FORWARD -i br-other -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
`

test('beside another Docker only the rules on the lab’s own interfaces go', () => {
  expect(deletions(RULES, ['br-lab'], false)).toEqual([
    ['-D', 'FORWARD', '-o', 'br-lab', '-j', 'DOCKER'],
    ['-D', 'FORWARD', '-i', 'br-lab', '!', '-o', 'br-lab', '-j', 'ACCEPT'],
  ])
})

test('alone, Docker’s chains go too, each after every rule that names it', () => {
  const all = deletions(RULES, ['br-lab'], true)
  const chain = all.findIndex((words) => words[0] === '-X')
  expect(all.slice(0, chain).every((words) => words[0] === '-D')).toBe(true)
  expect(all.slice(chain)).toEqual([
    ['-X', 'DOCKER'],
    ['-X', 'DOCKER-USER'],
  ])
  expect(all).toContainEqual(['-D', 'FORWARD', '-j', 'DOCKER-USER'])
})

test.each([false, true])('rules of others stay (chains: %s)', (chains) => {
  const words = deletions(RULES, ['br-lab'], chains).flat()
  expect(words).not.toContain('INPUT')
  expect(words).not.toContain('br-other')
})
