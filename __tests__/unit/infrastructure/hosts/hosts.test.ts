import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { hostsInfrastructure } from '../../../../src/infrastructure/hosts/hosts.ts'
import type { HostSpec, SshSettings } from '../../../../src/settings.ts'
import { describeInfrastructure } from '../../../contract/infrastructure.ts'
import { tries } from '../../remedies/tries.ts'

const hostname = 'rancher.example.test'
const ssh: SshSettings = {
  privateKeys: ['first key\n', 'second key'],
  knownHosts: ['10.0.0.1 ssh-ed25519 AAAA'],
  bastion: 'me@gate:22',
}
const host = (number: number, more: Partial<HostSpec> = {}): HostSpec => {
  const address = `10.0.0.${number}`
  return { user: 'ubuntu', address, port: 22, name: `node-${number}`, privateAddress: address, ...more }
}
const names: Record<string, string[]> = { [hostname]: ['10.0.0.100'], 'lb.example.test': ['10.0.0.100'] }
const network = {
  resolve: async (name: string) => names[name] ?? (/^[\d.]+$/.test(name) ? [name] : []),
  answers: async (address: string) => address === '10.0.0.100',
}

function open(provider: { hosts?: HostSpec[]; loadBalancer?: string; forceNodes?: string[] } = {}, given = ssh) {
  const hosts = [host(1), host(2), host(3)]
  const settings = { kind: 'hosts' as const, hosts, loadBalancer: 'lb.example.test', forceNodes: [], ...provider }
  return hostsInfrastructure({ provider: settings, ssh: given, run: { id: '1', attempt: 1 } }, { hostname, network })
}

describeInfrastructure('hosts', async () => ({
  open: () => open(),
  wanted: { nodeCount: 3, hostname },
  world: async () => [],
  async [Symbol.asyncDispose]() {},
}))

test('nodes are the machines given, but those named as dead', async () => {
  const { nodes } = await open({ forceNodes: ['node-2'] }).inspect()
  expect(nodes.map(({ name, user, state }) => [name, user, state])).toEqual([
    ['node-1', 'ubuntu', 'running'],
    ['node-3', 'ubuntu', 'running'],
  ])
})

test.each([
  ['one address twice', [host(1), host(2, { address: '10.0.0.1', privateAddress: '10.0.0.1' }), host(3)]],
  ['two names of one address', [host(1), host(2, { address: 'lb.example.test' }), host(3, { address: hostname })]],
  ['one private address twice', [host(1), host(2, { privateAddress: '10.0.0.1' }), host(3)]],
])('one machine on two lines is refused: %s', async (_, hosts) => {
  const { refusals } = await open({ hosts }).inspect()
  expect(refusals).toEqual([
    expect.objectContaining({ kind: 'preflight', what: expect.stringContaining('the same machine') }),
  ])
})

test('machines behind one address are told apart by port and private address', async () => {
  const hosts = [1, 2, 3].map((number) => host(number, { address: '10.0.0.50', port: 2200 + number }))
  expect((await open({ hosts }).inspect()).refusals).toEqual([])
})

test('a load balancer that does not resolve is refused', async () => {
  const { refusals, loadBalancer } = await open({ loadBalancer: 'nowhere.example.test' }).inspect()
  expect(loadBalancer).toBeUndefined()
  expect(refusals).toEqual([expect.objectContaining({ subject: 'load-balancer' })])
})

test('keys are files of their own, and known hosts, bastion and trust are handed on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  try {
    const { keyFiles, ...access } = await open().access(folder)
    expect(await Promise.all(keyFiles.map((file) => readFile(file, 'utf8')))).toEqual(['first key\n', 'second key\n'])
    expect(access).toEqual({ knownHosts: ssh.knownHosts, acceptNew: false, bastion: 'me@gate:22' })
    const trusting = await open({}, { privateKeys: [], knownHosts: 'accept-new', bastion: undefined }).access(folder)
    expect(trusting).toEqual({ keyFiles: [], knownHosts: [], acceptNew: true })
  } finally {
    await rm(folder, { recursive: true })
  }
})

tries('preflight', [
  [
    'Give each machine one line in `hosts`.',
    () => open({ hosts: [host(1), host(2, { address: '10.0.0.1', privateAddress: '10.0.0.1' }), host(3)] }).inspect(),
    () => open({ hosts: [host(1), host(2), host(3)] }).inspect(),
  ],
  [
    'Give `load-balancer` an address, or a name this runner can resolve.',
    () => open({ loadBalancer: 'nowhere.example.test' }).inspect(),
    () => open({ loadBalancer: '10.0.0.100' }).inspect(),
    () => open({ loadBalancer: 'lb.example.test' }).inspect(),
  ],
])
