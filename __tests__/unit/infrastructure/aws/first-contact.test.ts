import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { sshFirstContact } from '../../../../src/infrastructure/aws/first-contact.ts'
import type { Node } from '../../../../src/node.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../../../fakes/host.ts'
import { tries } from '../../remedies/tries.ts'

const folder = mkdtempSync(join(tmpdir(), 'first-contact-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** As the provider knows a machine that was never finished: no node yet, pinned to the key it was born with. */
const machine: Node = {
  name: 'node-1',
  address: '203.0.113.4',
  port: 22,
  privateAddress: '172.31.0.4',
  user: 'rancher',
  state: 'stopped',
  hostKeys: ['ecdsa-sha2-nistp256 AAAA'],
}

const soon = () => AbortSignal.timeout(5_000)

/** Whoever does not run is not reached, as with real connections. */
function contact(script: (host: FakeHost) => void) {
  const host = fakeHost(machine)
  script(host)
  const first = sshFirstContact({
    folder,
    access: async () => ({ keyFiles: [], knownHosts: [], acceptNew: false }),
    async open([node]) {
      if (node?.state !== 'running') return fakeHosts([], [{ node: machine, why: 'it is stopped' }])
      return fakeHosts([host])
    },
  })
  return { first, host }
}

test('a machine that is no node yet is spoken to all the same, and gives its key', async () => {
  const { first, host } = contact((one) => one.answers('bash -s', 'ssh-ed25519 AAAAkey root@node-1\n'))
  expect(await first.makeHostKey(machine, soon())).toBe('ssh-ed25519 AAAAkey')
  expect(host.received).toEqual([expect.objectContaining({ command: 'bash -s', sudo: true })])
})

test('a machine that says no key is told with what it said', async () => {
  const { first } = contact((one) => one.answers('bash -s', 'Docker is 29.0.0'))
  await expect(first.makeHostKey(machine, soon())).rejects.toMatchObject({
    kind: 'ssh',
    message: expect.stringContaining('Docker is 29.0.0'),
  })
})

test('the end of a machine is written where its timer looks, in seconds', async () => {
  const { first, host } = contact(() => {})
  await first.setExpiry(machine, new Date('2027-01-01T00:00:00.500Z'), soon())
  expect(host.received).toEqual([{ write: '/etc/rancher-ha/expires', content: '1798761600\n', mode: '0644' }])
})

const greets = (says: string | undefined) => () => {
  const { first } = contact((one) => one.answers('bash -s', says ?? ''))
  const silent = sshFirstContact({
    folder,
    access: async () => ({ keyFiles: [], knownHosts: [], acceptNew: false }),
    open: async () => fakeHosts([], [{ node: machine, why: 'timed out' }]),
  })
  return (says === undefined ? silent : first).makeHostKey(machine, soon())
}
const KEY = 'ssh-ed25519 AAAAkey root@node-1\n'

tries('ssh', [
  [
    'Look at its console output, and whether the runner reaches port 22 (runner-cidr, aws-address), then run again.',
    greets(undefined),
    greets(KEY),
  ],
  ['Run the same again: it goes on from what stands.', greets('Docker is not there yet'), greets(KEY)],
])
