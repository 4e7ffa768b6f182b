import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { KubernetesObject, V1Secret } from '@kubernetes/client-node'
import { applyChange, type Workshop } from '../../../src/rancher/apply.ts'
import { keepingBootstrapSecret, readBootstrapPassword } from '../../../src/rancher/bootstrap-secret.ts'
import { lastWords, runHelm } from '../../../src/rancher/helm.ts'
import { inspect } from '../../../src/rancher/inspect.ts'
import { plan, type RancherChange } from '../../../src/rancher/plan.ts'
import type { RancherSettings } from '../../../src/settings.ts'
import { makeCertificate } from './certificate.ts'
import { fakeKube } from './fake-kube.ts'
import { HOSTNAME, releaseSecret, settings, wanted } from './make.ts'

const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'apply-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A helm that writes down how it was called, and the values file with its mode. */
async function fakeHelm(rest = ''): Promise<string> {
  const path = join(folder, 'helm')
  const script = [
    '#!/bin/sh',
    `echo "$@" >> ${folder}/calls; env >> ${folder}/env`,
    `while [ $# -gt 0 ]; do [ "$1" = --values ] && { cp "$2" ${folder}/values; stat -c %a "$2" > ${folder}/mode; }; shift; done`,
    rest,
  ]
  await writeFile(path, script.join('\n'))
  await chmod(path, 0o755)
  return path
}

const workshop = async (asked: RancherSettings, helm = fakeHelm()): Promise<Workshop> => ({
  settings: asked,
  hostname: HOSTNAME,
  wanted: wanted(),
  loadBalancer: () => '127.0.0.1',
  helmBinary: () => helm,
  findChart: async (name, version) => `/bundle/${name}-${version}.tgz`,
  fetch: async () => {
    throw new Error('the network was reached')
  },
  folder,
  mask: () => {},
  log: () => {},
})

const install: RancherChange = {
  room: 'rancher',
  kind: 'install-rancher',
  version: '2.11.3',
  values: {},
  dropped: [['debug']],
}
const at = (kube = fakeKube()) => ({ kube, kubeconfigFile: '/run/kubeconfig' })

test('helm gets its values in a private file that does not stay, and no secret in its arguments', async () => {
  const live = releaseSecret({ revision: 1, status: 'deployed', values: { debug: true, theirs: 1 } })
  const shop = await workshop(settings({ bootstrapPassword: 'correct horse' }))
  await applyChange(install, shop, at(fakeKube([live])), signal)

  const calls = await readFile(join(folder, 'calls'), 'utf8')
  expect(calls).toMatch(/^upgrade --install rancher \/bundle\/rancher-2\.11\.3\.tgz --namespace cattle-system /)
  expect(calls).toContain('--wait --timeout')
  expect(calls).toMatch(/--labels rancher-ha\/operation=[0-9a-f]{12}/)
  expect(calls).not.toContain('correct horse')
  const values = await readFile(join(folder, 'values'), 'utf8')
  expect(values).toContain('bootstrapPassword: correct horse')
  expect(values).toContain('theirs: 1')
  expect(values).not.toContain('debug')
  await expect(readFile(join(folder, 'mode'), 'utf8')).resolves.toBe('600\n')
  expect((await readdir(folder)).filter((name) => name.endsWith('.yaml'))).toEqual([])
})

test("nothing of the runner's environment reaches helm", async () => {
  process.env['HELM_NAMESPACE'] = 'elsewhere'
  try {
    await applyChange(install, await workshop(settings()), at(), signal)
  } finally {
    delete process.env['HELM_NAMESPACE']
  }
  const env = await readFile(join(folder, 'env'), 'utf8')
  expect(env).not.toContain('elsewhere')
  expect(env).toContain('KUBECONFIG=/run/kubeconfig')
})

test('a failed helm is explained by the pods, and leaves no values behind', async () => {
  const helm = fakeHelm('echo "Error: context deadline exceeded" >&2; exit 1')
  const pod = {
    kind: 'Pod',
    metadata: { name: 'rancher-x', namespace: 'cattle-system', labels: { app: 'rancher' } },
    status: { containerStatuses: [{ name: 'rancher', state: { waiting: { reason: 'ImagePullBackOff' } } }] },
  }
  const work = applyChange(install, await workshop(settings(), helm), at(fakeKube([pod as never])), signal)
  await expect(work).rejects.toMatchObject({
    kind: 'rancher',
    message: 'helm upgrade failed: context deadline exceeded\nrancher-x rancher: ImagePullBackOff',
  })
  expect((await readdir(folder)).filter((name) => name.endsWith('.yaml'))).toEqual([])
})

test('helm told to stop is ended and awaited', async () => {
  const helm = await fakeHelm(`trap 'echo stopped > ${folder}/stopped; exit 1' TERM; while :; do sleep 0.05; done`)
  const controller = new AbortController()
  const run = runHelm({ helm, args: ['upgrade'], folder, signal: controller.signal })
  setTimeout(() => controller.abort(new Error('the lease was lost')), 150)
  await expect(run).rejects.toThrow('the lease was lost')
  await expect(readFile(join(folder, 'stopped'), 'utf8')).resolves.toBe('stopped\n')
})

test("helm's last words are its error, not its warnings", () => {
  expect(lastWords('WARNING: old\nError: UPGRADE FAILED: x\n')).toBe('UPGRADE FAILED: x')
  expect(lastWords('')).toBe('')
})

test('a chart that the bundle does not hold is not looked for elsewhere', async () => {
  const shop = { ...(await workshop(settings())), findChart: async () => undefined }
  await expect(applyChange(install, shop, at(), signal)).rejects.toMatchObject({ kind: 'input' })
})

test('TLS Secrets are written as given, read back as such, and not planned again', async () => {
  const { certificate, privateKey } = makeCertificate(HOSTNAME)
  const asked = settings({ tls: { source: 'secret', certificate, privateKey, ca: certificate } })
  const kube = fakeKube()
  const write = plan(await inspect(kube), wanted(), undefined, asked)[0]?.change as RancherChange
  await applyChange(write, await workshop(asked), at(kube), signal)
  expect(kube.changes).toEqual([
    'apply Namespace/cattle-system',
    'apply Secret/tls-rancher-ingress',
    'apply Secret/tls-ca',
  ])
  const again = plan(await inspect(kube), wanted(), undefined, asked)
  expect(again.map(({ id }) => id)).not.toContain('write-tls-secrets')

  const secret = kube.objects.find(({ metadata }) => metadata?.name === 'tls-rancher-ingress') as V1Secret
  Object.assign(secret.data ?? {}, { 'tls.key': Buffer.from(makeCertificate(HOSTNAME).privateKey).toString('base64') })
  const broken = plan(await inspect(kube), wanted(), undefined, asked)
  expect(broken.map(({ id }) => id)).toContain('write-tls-secrets')
})

const signed = (owner: object) =>
  ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'tls-rancher-ingress', namespace: 'cattle-system', ownerReferences: [owner] },
  }) as never
const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'rancher', uid: 'u', controller: true }

test('cert-manager is kept from overwriting a certificate that is given, before it is written', async () => {
  const { certificate, privateKey } = makeCertificate(HOSTNAME)
  const asked = settings({ tls: { source: 'secret', certificate, privateKey, ca: certificate } })
  const kube = fakeKube([signed(ingress)])
  const steps = plan(await inspect(kube), wanted(), undefined, asked)
  const carryOut = async (step: string) => {
    kube.changes.length = 0
    const change = steps.find(({ id }) => id === step)?.change as RancherChange
    await applyChange(change, await workshop(asked), at(kube), signal)
    return [...kube.changes]
  }
  const namespace = 'apply Namespace/cattle-system'
  expect(await carryOut('write-tls-ca')).toEqual([namespace, 'apply Secret/tls-ca'])

  const write = [namespace, 'apply Secret/tls-rancher-ingress', 'apply Secret/tls-ca']
  expect(await carryOut('take-over-tls')).toEqual(['remove Certificate/tls-rancher-ingress', ...write])
  expect((await inspect(kube)).tls).toMatchObject({ signed: false })
  expect(await carryOut('take-over-tls')).toEqual(write)
})

test.each([
  { ...ingress, name: 'mine' },
  { ...ingress, kind: 'Gateway' },
  { ...ingress, controller: false },
])("a Certificate of somebody else is not Rancher's: %j", async (owner) => {
  expect((await inspect(fakeKube([signed(owner)]))).tls.signed).toBe(false)
})

test('a stuck revision is forgotten, and nothing else', async () => {
  const kube = fakeKube([
    releaseSecret({ revision: 1, status: 'deployed' }),
    releaseSecret({ revision: 2, status: 'pending-upgrade', label: 'ours' }),
  ])
  const facts = await inspect(kube)
  const clear = plan(facts, wanted(), undefined, settings()).find(({ id }) => id.startsWith('clear-'))?.change
  await applyChange(clear as RancherChange, await workshop(settings()), at(kube), signal)
  expect(kube.changes).toEqual(['remove Secret/sh.helm.release.v1.rancher.v2'])
  expect((await inspect(kube)).release).toMatchObject({ revision: 1, status: 'deployed' })
})

const password = (name: string) =>
  ({
    kind: 'Secret',
    metadata: { name, namespace: 'cattle-system' },
    data: { bootstrapPassword: Buffer.from('generated').toString('base64') },
  }) as KubernetesObject

test('the first password outlives a helm that is killed while it makes the Secret anew', async () => {
  const kube = fakeKube([password('bootstrap-secret')])
  const killed = keepingBootstrapSecret(kube, async () => {
    await kube.remove({ apiVersion: 'v1', kind: 'Secret', namespace: 'cattle-system', name: 'bootstrap-secret' })
    throw new Error('killed')
  })
  await expect(killed).rejects.toThrow('killed')
  expect((await inspect(kube)).bootstrapSecret).toBe(true)

  let seen = ''
  await keepingBootstrapSecret(kube, async () => {
    seen = await readBootstrapPassword(kube)
  })
  expect(seen).toBe('generated')
  expect(kube.objects.map(({ metadata }) => metadata?.name)).toEqual(['bootstrap-secret'])
})
