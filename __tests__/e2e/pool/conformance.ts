import { expect } from '@jest/globals'
import { IMAGES } from '../../../lab/versions.ts'
import { makeTls } from '../eye/certificates.ts'
import { docker } from '../eye/docker.ts'
import { openKubectl } from '../eye/kubernetes.ts'
import { machine, on } from '../eye/machines.ts'
import { minutes } from '../minutes.ts'
import { moveName, presentAnother } from '../outside.ts'
import type { Stack } from '../stack.ts'
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
    hurt: moveName,
  },
  'port 443 of one node behind a packet filter': {
    broken: ['balancer-forwards-443'],
    hurt: async (stack) =>
      on(await machine(stack.name, 'node-2'), 'iptables -I INPUT ! -i lo -p tcp --dport 443 -j REJECT'),
  },
  'port 80 of one node left out by the load balancer': {
    broken: ['balancer-forwards-80'],
    hurt: async ({ name }) => {
      const leaveOut = `sed -i '/^listen tcp-80$/,/^listen/{/server node-2 /d}' ${HAPROXY_CONFIG}`
      await onBalancer(name, `${leaveOut} && systemctl reload haproxy`)
    },
  },
  'an ingress controller that says all is HTTPS and redirects nothing': {
    broken: ['http-redirects'],
    hurt: async ({ name }) => {
      const kubectl = await openKubectl(name)
      const patch = [
        {
          op: 'replace',
          path: '/spec/template/spec/containers/0/args/2',
          value: '-forwarded-headers=X-Forwarded-Proto=https',
        },
        { op: 'replace', path: '/spec/template/spec/containers/0/args/3', value: '-kubernetes-https-redirect=false' },
      ]
      await kubectl('-n', 'kube-system', 'patch', 'daemonset/skipper', '--type=json', '--patch', JSON.stringify(patch))
      await kubectl(
        '-n',
        'kube-system',
        'rollout',
        'status',
        'daemonset/skipper',
        '--timeout=180s',
        '--request-timeout=200s',
      )
    },
  },
  'a proxy between the ingress controller and Rancher': {
    broken: ['reaches-rancher-pod-port-80'],
    hurt: async ({ name }) => {
      const kubectl = await openKubectl(name)
      const addresses = await kubectl('-n', 'cattle-system', 'get', 'pods', '-l', 'app=rancher', '-o', POD_ADDRESSES)
      const backends = addresses
        .trim()
        .split(' ')
        .map((address) => `"http://${address}:80"`)
      const routes = `* -> <roundRobin, ${backends.join(', ')}>`
      const proxy = ['-address=:9090', '-proxy-preserve-host', `-inline-routes=${routes}`]
      const run = ['run', 'detour', `--image=${IMAGES.skipper}`, '--labels=app=detour', '--', ...proxy]
      await kubectl('-n', 'cattle-system', ...run)
      await kubectl(
        '-n',
        'cattle-system',
        'wait',
        '--for=condition=Ready',
        'pod/detour',
        '--timeout=120s',
        '--request-timeout=140s',
      )
      const spec = { selector: { app: 'detour' }, ports: [{ name: 'http', port: 80, targetPort: 9090 }] }
      await kubectl(
        '-n',
        'cattle-system',
        'patch',
        'service/rancher',
        '--type=merge',
        '--patch',
        JSON.stringify({ spec }),
      )
    },
  },
  'a certificate for another name': {
    broken: ['rancher-answers', 'reaches-rancher-pod-port-80', 'tls-at-ingress'],
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
  'a node that shows itself another certificate than the load balancer’s users see': {
    broken: ['tls-at-ingress'],
    hurt: presentAnother,
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
    hurt: async ({ name }) => onBalancer(name, 'systemctl stop haproxy'),
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

async function onBalancer(name: string, script: string): Promise<void> {
  const filters = ['--filter', `label=rancher-ha/stack=${name}`, '--filter', 'name=-lb$']
  await docker('exec', await docker('ps', '--quiet', ...filters), 'sh', '-c', script)
}

const HAPROXY_CONFIG = '/etc/haproxy/haproxy.cfg'
const POD_ADDRESSES = 'jsonpath={.items[*].status.podIP}'

const base64 = (text: string) => Buffer.from(text).toString('base64')
