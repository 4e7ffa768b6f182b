import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { fingerprint, fingerprintsOf, knownHostsLines, knownHostsName } from '../../../src/remote/known-hosts.ts'
import { makeKey, publicKey } from '../../fakes/sshd.ts'

const folder = mkdtempSync(join(tmpdir(), 'known-hosts-'))
afterAll(() => rmSync(folder, { recursive: true }))
const key = publicKey(makeKey(join(folder, 'key')))

test('a fingerprint is the one ssh-keygen prints', () => {
  const [, printed] = execFileSync('ssh-keygen', ['-l', '-f', join(folder, 'key.pub')], { encoding: 'utf8' }).split(' ')
  expect(fingerprint(readFileSync(join(folder, 'key.pub'), 'utf8'))).toBe(`ssh-ed25519 ${printed}`)
})

test.each([22, 2222])('ssh-keygen finds a pinned machine on port %i', (port) => {
  const machine = { address: '10.0.0.7', port, hostKeys: [key] }
  writeFileSync(join(folder, 'known_hosts'), `${knownHostsLines(machine, []).join('\n')}\n`)
  const found = execFileSync('ssh-keygen', ['-F', knownHostsName(machine), '-f', join(folder, 'known_hosts')], {
    encoding: 'utf8',
  })
  expect(found).toContain(key)
})

test('a machine with pinned keys is known by them alone', () => {
  expect(knownHostsLines({ address: 'a', port: 22, hostKeys: [key] }, ['* ssh-rsa AAAA'])).toEqual([`a ${key}`])
  expect(knownHostsLines({ address: 'a', port: 22, hostKeys: [] }, ['a ssh-rsa AAAA'])).toEqual(['a ssh-rsa AAAA'])
})

test('each key is told once, hashed names or not', () => {
  expect(fingerprintsOf([`a ${key}`, `|1|x=|y= ${key} comment`, '# a comment'])).toEqual([fingerprint(key)])
})
