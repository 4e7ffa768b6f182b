import { readFile, writeFile } from 'node:fs/promises'
import { expect } from '@jest/globals'
import { makeTls } from '../eye/certificates.ts'
import { docker } from '../eye/docker.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { machine, on } from '../eye/machines.ts'
import type { Stack } from '../stack.ts'
import { minutes } from '../stage.ts'
import { until } from '../until.ts'
import type { Case } from './case.ts'

/** What is done to a healthy stack, and the sentences that must then be false, and no others. */
const breaks: Record<string, { broken: string[]; hurt: (stack: Stack) => Promise<unknown> }> = {
  'an etcd member stopped': {
    broken: ['etcd-on-each-node'],
    hurt: async (stack) => on(await machine(stack.name, 'node-3'), 'docker stop etcd'),
  },
  'a replica less': {
    broken: ['replica-on-each-node'],
    hurt: async ({ name }) =>
      (await openKubectl(name))('-n', 'cattle-system', 'scale', 'deployment/rancher', '--replicas=2'),
  },
  'the name somewhere else': {
    broken: ['name-resolves'],
    hurt: async ({ hostname }) => {
      const hosts = (await readFile('/etc/hosts', 'utf8')).split('\n')
      const moved = hosts.map((line) => (line.includes(` ${hostname} `) ? line.replace(/^\S+/, '127.0.0.9') : line))
      await writeFile('/etc/hosts', moved.join('\n'))
    },
  },
  'port 443 of one node behind a packet filter': {
    broken: ['balancer-forwards-443'],
    hurt: async (stack) => on(await machine(stack.name, 'node-2'), 'iptables -I INPUT -p tcp --dport 443 -j REJECT'),
  },
  'a certificate for another name': {
    broken: ['tls-at-ingress'],
    hurt: async ({ name }) => {
      const kubectl = await openKubectl(name)
      const { certificate, privateKey } = makeTls('other.rancher.test')
      const data = { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey) }
      await kubectl(
        '-n',
        'cattle-system',
        'patch',
        'secret',
        'tls-rancher-ingress',
        '--patch',
        JSON.stringify({ data }),
      )
    },
  },
  'a Rancher that answers 500': {
    broken: ['rancher-answers'],
    hurt: async ({ name }) => {
      const kubectl = await openKubectl(name)
      await kubectl('-n', 'cattle-system', 'set', 'env', 'deployment/rancher', 'RANCHER_STANDIN_FAULT=answers-500')
      await kubectl(
        '-n',
        'cattle-system',
        'rollout',
        'status',
        'deployment/rancher',
        '--timeout=180s',
        '--request-timeout=200s',
      )
    },
  },
  'a kubelet stopped': {
    broken: ['kubernetes-ready', 'replica-on-each-node'],
    hurt: async (stack) => on(await machine(stack.name, 'node-3'), 'docker stop kubelet'),
  },
  'the load balancer stopped': {
    broken: [
      'balancer-forwards-443',
      'balancer-forwards-80',
      'http-redirects',
      'rancher-answers',
      'reaches-rancher-pod-port-80',
      'tls-at-ingress',
    ],
    hurt: async ({ name }) => {
      const balancers = await docker(
        'ps',
        '--quiet',
        '--filter',
        `label=rancher-ha/stack=${name}`,
        '--filter',
        'name=-lb$',
      )
      await docker('exec', balancers, 'systemctl', 'stop', 'haproxy')
    },
  },
}

export const conformance: Case[] = Object.entries(breaks).map(([what, { broken, hurt }]) => ({
  name: `status after ${what}: false is ${broken.join(', ')}, and nothing else`,
  from: 'healthy',
  deadlineMs: minutes(10),
  async run(stack) {
    await hurt(stack)
    let told: string[] = []
    await until(`status tells ${broken.join(', ')}`, minutes(4), async () => {
      const status = await stack.status()
      told = status.rows
        .filter((row) => !row.ok)
        .map((row) => row.id)
        .sort()
      return status.exitCode === 1 && String(told) === String(broken)
    }).catch((error: Error) => {
      expect({ told, because: error.message }).toEqual({ told: broken, because: '' })
    })
  },
}))

const base64 = (text: string) => Buffer.from(text).toString('base64')
