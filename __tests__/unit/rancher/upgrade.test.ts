import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import type { RancherClient } from '../../../src/rancher/client.ts'
import { rollBack, type UpgradeTools, upgradeCertManager, upgradeRancher } from '../../../src/rancher/upgrade.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { tries } from '../remedies/tries.ts'
import { type FakeKube, fakeKube } from './fake-kube.ts'
import { HOSTNAME, releaseSecret, settings } from './make.ts'
import { deployment, pod, replicaSet } from './pods.ts'

const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upgrade-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A helm that writes down how it was called, and the values it got; `rest` is what it does then. */
async function fakeHelm(rest: string): Promise<string> {
  const path = join(folder, 'helm')
  const values = `while [ $# -gt 0 ]; do [ "$1" = --values ] && cp "$2" ${folder}/values; shift; done`
  await writeFile(path, ['#!/bin/sh', `echo "$@" >> ${folder}/calls`, values, rest].join('\n'))
  await chmod(path, 0o755)
  return path
}

const client = {
  target: { hostname: HOSTNAME, address: '127.0.0.1' },
  ask: async (path: string) => ({ status: 200, body: path === '/ping' ? 'pong' : '', headers: {} }),
  login: async () => ({ endpoint: '/v1-public/login', status: 401, token: undefined }),
} as RancherClient

async function tools(
  kube: FakeKube,
  asked: Partial<RancherSettings> = {},
  rest = '',
): Promise<UpgradeTools & { told: string[] }> {
  const helm = await fakeHelm(rest)
  const told: string[] = []
  return {
    kube,
    charts: async (stop) => ({
      helm,
      kubeconfig: '/run/kubeconfig',
      folder,
      chart: 'stable',
      findChart: async (name, version) => `/bundle/${name}-${version}.tgz`,
      fetch: async () => await Promise.reject(new Error('the network was reached')),
      signal: stop,
    }),
    client: async () => client,
    settings: settings({ tls: { source: 'running' }, ...asked }),
    log: (line) => told.push(line),
    signal,
    told,
  }
}

const whole = (name: string, ready = 3): KubernetesObject =>
  ({
    ...deployment,
    metadata: { name, namespace: 'cattle-system', generation: 1 },
    status: { readyReplicas: ready, updatedReplicas: 3, observedGeneration: 1 },
  }) as KubernetesObject
const release = releaseSecret({
  revision: 3,
  status: 'deployed',
  version: '2.11.2',
  values: { hostname: HOSTNAME, replicas: 3, theirs: 1 },
})
const pods = ['a', 'b', 'c'].map((name) => pod(name, 'old', { ready: true }))
const stack = () =>
  [release, whole('rancher'), whole('rancher-webhook'), replicaSet('old', 1), ...pods] as KubernetesObject[]
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')

test("Rancher is upgraded with the release's own values and what is asked over them; two replicas and more are told", async () => {
  const given = await tools(fakeKube(stack()), { helmValues: { theirs: 2, bootstrapPassword: 'correct horse' } })
  await upgradeRancher('2.11.3', given)
  expect((await calls())[0]).toMatch(/^upgrade --install rancher \/bundle\/rancher-2\.11\.3\.tgz .*--wait/)
  const values = await readFile(join(folder, 'values'), 'utf8')
  expect(values).toContain(`hostname: ${HOSTNAME}`)
  expect(values).toContain('theirs: 2')
  expect(values).not.toContain('correct horse')
  expect(given.told.at(-1)).toBe('At least 3 replicas of Rancher were ready throughout.')
})

test('a replica that is missing already would leave too few: nothing is touched', async () => {
  const objects = stack().map((one) => (one.metadata?.name === 'rancher' ? whole('rancher', 2) : one))
  const upgrade = upgradeRancher('2.11.3', await tools(fakeKube(objects)))
  await expect(upgrade).rejects.toMatchObject({
    kind: 'rancher',
    message: expect.stringContaining('of 3 replicas of Rancher 2 are ready'),
  })
  await expect(calls()).rejects.toThrow('ENOENT')
})

test('pods that will never come end Helm at once, not after its own quarter of an hour', async () => {
  const kube = fakeKube(stack())
  const made = [replicaSet('new', 2), pod('d', 'new', { waiting: 'InvalidImageName' })] as KubernetesObject[]
  const seen = () => {
    kube.objects = [...stack(), ...made]
  }
  const upgrade = upgradeRancher('2.11.3', { ...(await tools(kube, {}, 'exec sleep 60')), seen })
  await expect(upgrade).rejects.toMatchObject({ kind: 'rancher', message: 'd on node-1: InvalidImageName: so it says' })
})

test('pods that stood before are not judged at once, however often they were started again', async () => {
  const old = stack().map((one) =>
    one.metadata?.name === 'a' && one.kind === 'Pod'
      ? (pod('a', 'old', { since: 60, restarts: 9 }) as KubernetesObject)
      : one,
  )
  await upgradeRancher('2.11.3', await tools(fakeKube(old), {}, 'sleep 0.2'))
  expect(await calls()).toHaveLength(1)
})

test('fewer than two replicas are a warning', async () => {
  const one = stack().filter(({ metadata }) => metadata?.name !== 'b' && metadata?.name !== 'c')
  const given = await tools(fakeKube(one))
  await upgradeRancher('2.11.3', given)
  expect(given.told.at(-1)).toBe('warning: At least 1 replicas of Rancher were ready throughout.')
})

test('a revision that a killed Helm left half-made is forgotten first', async () => {
  const half = releaseSecret({ revision: 4, status: 'pending-upgrade', version: '2.11.3', label: 'ours' })
  const kube = fakeKube([...stack(), half])
  await upgradeRancher('2.11.3', await tools(kube))
  expect(kube.changes).toContain('remove Secret/sh.helm.release.v1.rancher.v4')
})

test('cert-manager keeps its values and brings its kinds', async () => {
  const own = releaseSecret({
    revision: 1,
    status: 'deployed',
    version: 'v1.17.2',
    values: { replicaCount: 2, crds: { keep: false } },
  })
  const metadata = {
    ...own.metadata,
    namespace: 'cert-manager',
    labels: { ...own.metadata?.labels, name: 'cert-manager' },
  }
  const given = await tools(fakeKube([...stack(), { ...own, metadata }]))
  await upgradeCertManager('v1.18.2', given)
  expect((await calls())[0]).toMatch(
    /^upgrade --install cert-manager \/bundle\/cert-manager-v1\.18\.2\.tgz --namespace cert-manager/,
  )
  const values = await readFile(join(folder, 'values'), 'utf8')
  expect(values).toMatch(/replicaCount: 2/)
  expect(values).toMatch(/enabled: true\n {2}keep: true|keep: true\n {2}enabled: true/)
})

test('a roll back names release, revision and namespace, and waits', async () => {
  await rollBack('rancher', 3, await tools(fakeKube(stack())))
  await rollBack('cert-manager', 1, await tools(fakeKube(stack())))
  expect(await calls()).toEqual([
    'rollback rancher 3 --namespace cattle-system --wait --timeout 10m',
    'rollback cert-manager 1 --namespace cert-manager --wait --timeout 10m',
  ])
})

const upgrades =
  (ready: number, rest = '') =>
  async () => {
    const objects = stack().map((one) => (one.metadata?.name === 'rancher' ? whole('rancher', ready) : one))
    await upgradeRancher('2.11.3', await tools(fakeKube(objects), {}, rest))
  }

tries('rancher', [
  ['Look at: kubectl -n cattle-system get pods. Then run mode upgrade again.', upgrades(2), upgrades(3)],
  [
    'Run the same again: it goes on from what stands.',
    upgrades(3, 'echo "Error: timed out waiting for the condition" >&2; exit 1'),
    upgrades(3),
  ],
])
