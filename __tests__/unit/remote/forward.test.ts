import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openForward } from '../../../src/remote/forward.ts'
import type { Master } from '../../../src/remote/master.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forward-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** A connection whose client is asked through a socket of this folder. */
function master(): Master {
  const target = { address: '10.0.0.11', port: 22, user: 'ubuntu' }
  return { target, controlPath: join(folder, 'socket'), ended: new AbortController().signal } as unknown as Master
}

test('an ssh that says nothing in time is told as such, and to which machine it was', async () => {
  const silent = createServer().listen(join(folder, 'socket'))
  await once(silent, 'listening')
  try {
    await expect(openForward(master(), '10.0.0.12', 6443, 500)).rejects.toMatchObject({
      kind: 'ssh',
      message: 'ssh to 10.0.0.11 did not answer within 0.5 s.',
      retry: true,
    })
  } finally {
    silent.close()
  }
})

test('an ssh that cannot is told in its own words', async () => {
  await expect(openForward(master(), '10.0.0.12', 6443)).rejects.toThrow(
    /^No port could be forwarded to 10\.0\.0\.12:6443 over 10\.0\.0\.11: .*No such file/,
  )
})
