import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll } from '@jest/globals'
import { createRke } from '../../src/kubernetes/rke/rke.ts'
import type { Node } from '../../src/node.ts'
import { type FakeHost, fakeHost, fakeHosts } from '../fakes/host.ts'
import { apiAnswer, bareAnswer, etcdAnswer, memberAnswer, NO_MEMBER } from '../unit/kubernetes/rke/answers.ts'
import { wantedOf } from '../unit/kubernetes/rke/world.ts'
import { describeDistribution } from './distribution.ts'

/** Stands for the sshd a forward ends at: it says its name. */
let sshd: Server
beforeAll(async () => {
  sshd = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1')
  await once(sshd, 'listening')
})
afterAll(() => void sshd.close())

const wanted = wantedOf()

describeDistribution('rke', async () => ({
  distribution: createRke({
    stack: { name: 'rancher', owner: '1', ownerName: 'o/r' },
    run: { id: '1', attempt: 1 },
    rkeBinary: async () => await Promise.reject(new Error('reading facts runs no rke')),
    keyFiles: async () => await Promise.reject(new Error('reading facts uses no key')),
    folder: '/nowhere',
    log: () => {},
  }),
  wanted,
  bare: async () => fakeHosts(wanted.nodes.map((node) => bare(node))),
  healthy: async () => fakeHosts(wanted.nodes.map((node, at) => member(node, at))),
  bareWithout: async (name) =>
    fakeHosts(
      wanted.nodes.filter((node) => node.name !== name).map((node) => bare(node)),
      wanted.nodes.filter((node) => node.name === name).map((node) => ({ node, why: 'timed out' })),
    ),
}))

function bare(node: Node): FakeHost {
  return fakeHost(node)
    .answers('inspect-node', () => bareAnswer(node.name))
    .answers('ask-etcd', NO_MEMBER)
    .answers('echo "$SSH_CONNECTION"', `10.77.0.1 50000 ${node.privateAddress} 22\n`)
    .forwards(`${node.privateAddress}:22`, (sshd.address() as AddressInfo).port)
}

function member(node: Node, at: number): FakeHost {
  return bare(node)
    .answers('inspect-node', () => memberAnswer(node.name, wanted))
    .answers('ask-etcd', etcdAnswer(at, wanted.nodes))
    .answers('ask-api', () => apiAnswer(wanted.nodes))
}
