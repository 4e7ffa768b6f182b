import { expect, test } from '@jest/globals'
import { judgeFailure } from '../../../src/remote/ssh-failure.ts'

const cases: [string, string, unknown][] = [
  [
    'a key that is not known',
    'debug1: Server host key: ssh-ed25519 SHA256:abc\nNo ED25519 host key is known for [10.0.0.1]:22 and you have requested strict checking.\r\nHost key verification failed.\r\n',
    { kind: 'host-key', presented: 'ssh-ed25519 SHA256:abc' },
  ],
  [
    'no way in',
    'debug1: No more authentication methods to try.\nrancher@10.0.0.1: Permission denied (publickey).\r\n',
    { kind: 'auth', why: 'rancher@10.0.0.1: Permission denied (publickey).' },
  ],
  [
    'nobody there',
    'OpenSSH_9.2p1\ndebug1: connect to address 10.0.0.1 port 22: Connection refused\nssh: connect to host 10.0.0.1 port 22: Connection refused\r\n',
    { kind: 'unreachable', why: 'ssh: connect to host 10.0.0.1 port 22: Connection refused' },
  ],
  ['silence', '', { kind: 'unreachable', why: 'ssh ended without a word' }],
]

test.each(cases)('%s', (_name, said, failure) => {
  expect(judgeFailure(said)).toEqual(failure)
})
