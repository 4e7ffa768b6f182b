import { expect, test } from '@jest/globals'
import type { KubernetesObject } from '@kubernetes/client-node'
import type { RancherClient } from '../../../src/rancher/client.ts'
import { setServerUrl } from '../../../src/rancher/first-login.ts'
import { inspect } from '../../../src/rancher/inspect.ts'
import { plan } from '../../../src/rancher/plan.ts'
import { proveReady } from '../../../src/rancher/ready.ts'
import type { Answer } from '../../../src/rancher/request.ts'
import { until } from '../../../src/rancher/until.ts'
import { tries } from '../remedies/tries.ts'
import { fakeKube } from './fake-kube.ts'
import { HOSTNAME, releaseSecret, settings, wanted } from './make.ts'

const deployment = (name: string): KubernetesObject =>
  ({
    kind: 'Deployment',
    metadata: { name, namespace: 'cattle-system', generation: 1 },
    spec: { replicas: 1, template: {} },
    status: { readyReplicas: 1, updatedReplicas: 1, observedGeneration: 1 },
  }) as KubernetesObject

const answer = (status: number, body = ''): Answer => ({ status, body, headers: {} })
const ANSWERS: Record<string, Answer> = { '/ping': answer(200, 'pong'), '/dashboard/': answer(200) }

function fakeClient(over: Partial<RancherClient> = {}): RancherClient {
  return {
    target: { hostname: HOSTNAME, address: '127.0.0.1' },
    ask: async (path) => ANSWERS[path] ?? answer(404),
    login: async () => ({ endpoint: '/v1-public/login', status: 401, token: undefined }),
    ...over,
  }
}

const url = `https://${HOSTNAME}`
const objects = [deployment('rancher'), deployment('rancher-webhook')]
const { signal } = new AbortController()

test('the ladder of 2.11 ends where all rungs answer', async () => {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  await proveReady({ kube: fakeKube(objects), client: async () => fakeClient(), version: '2.11.3', signal, log })
  expect(lines).toHaveLength(5)
})

const missing: [string, KubernetesObject[], Partial<RancherClient>, string, RegExp][] = [
  ['the deployment', [], {}, '2.11.3', /Rancher is rolled out: no deployment/],
  ['ping', objects, { ask: async () => answer(502) }, '2.11.3', /ping.*: 502/],
  [
    'the dashboard',
    objects,
    { ask: async (path) => (path === '/ping' ? answer(200, 'pong') : answer(404)) },
    '2.11.3',
    /dashboard.*404/,
  ],
  ['the webhook', [deployment('rancher')], {}, '2.11.3', /rancher-webhook is available: no deployment/],
  [
    'the login',
    objects,
    { login: async () => ({ endpoint: '/e', status: 500, token: undefined }) },
    '2.11.3',
    /answers 500/,
  ],
  ['the extension API of 2.12', objects, {}, '2.12.3', /extension API is available: not registered/],
  ['the webhook of 2.13', objects, {}, '2.13.3', /capi-webhook-service is there: not there yet/],
]
test.each(missing)('without %s it waits there and says so', async (_name, there, client, version, said) => {
  const stop = new AbortController()
  const lines: string[] = []
  const log = (line: string) => {
    lines.push(line)
    if (line.startsWith('waiting')) stop.abort(new Error('seen'))
  }
  const proof = proveReady({
    kube: fakeKube(there),
    client: async () => fakeClient(client),
    version,
    signal: stop.signal,
    log,
  })
  await expect(proof).rejects.toThrow('seen')
  expect(lines.at(-1)).toMatch(said)
})

test('who signs may be known later than the pods are ready: each look asks with the CA of then', async () => {
  const distrusts = fakeClient({ ask: () => Promise.reject(new Error('unable to verify the first certificate')) })
  const lines: string[] = []
  const client = async () => (lines.some((line) => line.includes('unable to verify')) ? fakeClient() : distrusts)
  const log = (line: string) => void lines.push(line)
  await proveReady({ kube: fakeKube(objects), client, version: '2.11.3', signal, log })
  expect(lines.filter((line) => line.startsWith('waiting'))).toHaveLength(1)
})

const rolledTo = (image: string) => {
  const spec = { replicas: 1, template: { spec: { containers: [{ name: 'rancher', image }] } } }
  return [{ ...deployment('rancher'), spec } as KubernetesObject, deployment('rancher-webhook')]
}
const setting = (name: string, value: string): KubernetesObject =>
  ({ kind: 'Setting', metadata: { name }, value }) as KubernetesObject
const webhookRelease = (version: string) => {
  const secret = releaseSecret({ revision: 2, status: 'deployed', version })
  const labels = { ...secret.metadata?.labels, name: 'rancher-webhook' }
  return { ...secret, metadata: { ...secret.metadata, labels } }
}

const upgraded: [string, KubernetesObject[], RegExp][] = [
  [
    'that still says the former version',
    [...rolledTo('rancher/rancher:v2.11.3'), setting('server-version', 'v2.11.2')],
    /Rancher says it is 2\.11\.3: server-version is v2\.11\.2/,
  ],
  [
    'whose webhook is the former one',
    [
      ...rolledTo('rancher/rancher:v2.11.3'),
      setting('server-version', 'v2.11.3'),
      setting('rancher-webhook-version', '106.0.3+up0.7.3'),
      webhookRelease('106.0.2+up0.7.2'),
    ],
    /rancher-webhook is the one Rancher asks for: asked 106\.0\.3\+up0\.7\.3, installed 106\.0\.2\+up0\.7\.2/,
  ],
]
test.each(upgraded)('after an upgrade a Rancher %s is waited for', async (_name, there, said) => {
  const stop = new AbortController()
  const lines: string[] = []
  const log = (line: string) => {
    lines.push(line)
    if (line.startsWith('waiting')) stop.abort(new Error('seen'))
  }
  const kube = fakeKube(there)
  const proof = proveReady({
    kube,
    client: async () => fakeClient(),
    version: '2.11.3',
    afresh: true,
    signal: stop.signal,
    log,
  })
  await expect(proof).rejects.toThrow('seen')
  expect(lines.at(-1)).toMatch(said)
})

test('after an upgrade it is ready with its own version and webhook; an image with a tag of its own is not judged', async () => {
  const settled = [setting('rancher-webhook-version', '1.2.3'), webhookRelease('1.2.3')]
  const own = [...rolledTo('rancher/rancher:v2.11.3'), setting('server-version', 'v2.11.3'), ...settled]
  const built = [...rolledTo('mine/rancher:feature-7'), ...settled]
  for (const there of [own, built]) {
    const readiness = {
      kube: fakeKube(there),
      client: async () => fakeClient(),
      version: '2.11.3',
      signal,
      log: () => {},
    }
    await expect(proveReady({ ...readiness, afresh: true })).resolves.toBeUndefined()
  }
})

test('waiting ends with what was last seen', async () => {
  const wait = { what: 'it is so', deadlineMs: 30, everyMs: 10, signal }
  const looks = until(wait, async () => ({ ok: false, evidence: 'it is not' }))
  await expect(looks).rejects.toMatchObject({
    kind: 'timeout',
    message: expect.stringContaining('it is so: it is not'),
  })
  await expect(until(wait, async () => ({ ok: true, evidence: 'yes' }))).resolves.toBe('yes')
})

const bootstrap = {
  kind: 'Secret',
  metadata: { name: 'bootstrap-secret', namespace: 'cattle-system' },
  data: { bootstrapPassword: Buffer.from('first-password').toString('base64') },
} as KubernetesObject

test('server-url is set with the first password, masked before it is used', async () => {
  const order: string[] = []
  let value = ''
  const client = fakeClient({
    async login({ username, password }) {
      order.push(`login ${username} ${password}`)
      return { endpoint: '', status: 201, token: 'token-a:b' }
    },
    async ask(path, asked) {
      order.push(`${asked?.method ?? 'GET'} ${path}`)
      if (asked?.method === 'PUT') value = (asked.json as { value: string }).value
      return answer(200, JSON.stringify({ value }))
    },
  })
  const mask = (secret: string) => void order.push(`mask ${secret}`)
  await setServerUrl({ kube: fakeKube([bootstrap]), client, url, mask, signal, log: () => {} })
  expect(value).toBe(url)
  expect(order).toEqual([
    'mask first-password',
    'login admin first-password',
    'mask token-a:b',
    'PUT /v3/settings/server-url',
    'GET /v3/settings/server-url',
    'POST /v3/tokens?action=logout',
  ])
})

test('without a password nothing is tried', async () => {
  const client = fakeClient()
  const work = setServerUrl({ kube: fakeKube(), client, url: 'https://x', mask: () => {}, signal, log: () => {} })
  await expect(work).rejects.toMatchObject({ kind: 'rancher' })
})

/** By it no pause lasts: it is aborted, and nobody is told. */
const hurried = Object.assign(AbortSignal.abort(), { throwIfAborted: () => {} })

/** What an install does about server-url where these objects stand and the password, if any, is refused. */
const installs = (there: KubernetesObject[]) => async () => {
  const kube = fakeKube([...objects, releaseSecret({ revision: 1, status: 'failed' }), ...there])
  const steps = plan(await inspect(kube), wanted(), undefined, settings())
  if (!steps.some(({ id }) => id === 'set-server-url')) return
  await setServerUrl({ kube, client: fakeClient(), url, mask: () => {}, signal: hurried, log: () => {} })
}

tries('rancher', [
  ['Set server-url in the user interface at the first login.', installs([]), installs([setting('server-url', url)])],
  [
    'Set server-url to … in the global settings.',
    installs([bootstrap]),
    installs([bootstrap, setting('server-url', url)]),
  ],
])
