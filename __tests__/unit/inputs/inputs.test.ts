import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { StackError } from '../../../src/errors.ts'
import { inputNames } from '../../../src/inputs/schema.ts'
import { parseInputs } from '../../../src/inputs.ts'
import { OUTPUTS } from '../../../src/report/outputs.ts'
import { pemBlock } from '../../fakes/pem-block.ts'

const now = new Date('2026-01-01T00:00:00Z')

async function read(inputs: Record<string, string>, env: Record<string, string> = {}) {
  const masked: string[] = []
  const warnings: string[] = []
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  )
  const surroundings = {
    env: { ...given, ...env },
    now,
    mask: (secret: string) => void masked.push(secret),
    warn: (text: string) => void warnings.push(text),
  }
  let error: StackError | undefined
  let settings: Awaited<ReturnType<typeof parseInputs>> | undefined
  try {
    settings = await parseInputs(surroundings)
  } catch (thrown) {
    if (!(thrown instanceof StackError)) throw thrown
    error = thrown
  }
  return { settings, error, masked, warnings }
}

const local = { mode: 'install', provider: 'local' }

describe('defaults', () => {
  test('on local two inputs are enough', async () => {
    expect((await read(local)).settings).toMatchObject({
      mode: 'install',
      stack: { name: 'rancher', owner: 'local', ownerName: 'local' },
      run: { id: `local-${now.getTime()}`, attempt: 1 },
      provider: { kind: 'local', image: undefined },
      hostname: 'rancher.rancher.test',
      nodeCount: 3,
      distribution: undefined,
      kubernetesVersion: undefined,
      rancher: { version: undefined, chart: 'stable', helmValues: {}, tls: { source: 'rancher' } },
      tools: { bundle: undefined, mirror: undefined, rkeVersion: undefined, helmVersion: undefined },
      waitForLeaseMs: 0,
      deadline: new Date('2026-01-01T05:30:00Z'),
      lastStart: new Date('2026-01-01T05:10:00Z'),
      dryRun: false,
      newCluster: false,
    })
  })

  test('the owner is the repository, by its id', async () => {
    const env = { GITHUB_REPOSITORY: 'acme/x', GITHUB_REPOSITORY_ID: '7', GITHUB_RUN_ID: '9', GITHUB_RUN_ATTEMPT: '2' }
    expect((await read(local, env)).settings).toMatchObject({
      stack: { owner: '7', ownerName: 'acme/x' },
      run: { id: '9', attempt: 2 },
    })
  })

  test('an upgrade leaves as it runs what it is not given, and goes back within the hour', async () => {
    const upgrade = { mode: 'upgrade', provider: 'local', 'backup-to': 'file:/kept' }
    expect((await read(upgrade)).settings).toMatchObject({
      mode: 'upgrade',
      hostname: undefined,
      nodeCount: undefined,
      kubernetesVersion: undefined,
      rkeConfig: {},
      rancher: {
        version: undefined,
        chart: 'stable',
        certManagerVersion: undefined,
        helmValues: {},
        bootstrapPassword: undefined,
        tls: { source: 'running' },
      },
      snapshots: { places: [{ kind: 'file', folder: '/kept' }], recipients: [] },
      verify: 'restore',
      restoreWindowMs: 3_600_000,
      onFailure: 'restore',
      dryRun: false,
      expectedPlan: undefined,
    })
    const given = {
      'kubernetes-version': '1.32.6',
      'rancher-version': 'latest-patch',
      'cert-manager-version': 'latest-patch',
      'backup-verify': 'hash',
      'restore-window': '20m',
      'on-failure': 'keep',
      'node-count': '5',
    }
    expect((await read({ ...upgrade, ...given })).settings).toMatchObject({
      kubernetesVersion: 'v1.32.6',
      rancher: { version: 'latest-patch', certManagerVersion: 'latest-patch' },
      verify: 'hash',
      restoreWindowMs: 1_200_000,
      onFailure: 'keep',
      nodeCount: 5,
    })
    const latest = { ...upgrade, 'kubernetes-version': 'latest-patch' }
    expect((await read(latest)).settings).toMatchObject({ kubernetesVersion: 'latest-patch' })
  })

  test('each mode has its own settings', async () => {
    expect((await read({ mode: 'status', provider: 'local', 'rancher-token': 't' })).settings).toMatchObject({
      mode: 'status',
      rancherToken: 't',
    })
    expect(
      (await read({ mode: 'destroy', provider: 'local', confirm: 'a.b', 'dry-run': 'true' })).settings,
    ).toMatchObject({
      mode: 'destroy',
      confirm: 'a.b',
      dryRun: true,
    })
  })
})

describe('versions', () => {
  test.each([
    ['v1.32.6', 'v1.32.6-rancher1-1'],
    ['1.31.10', 'v1.31.10-rancher1-1'],
    ['1.31.4', 'v1.31.4-rancher1-1'],
    ['v1.32.6-rancher1-1', 'v1.32.6-rancher1-1'],
    ['latest-patch', undefined],
  ])('kubernetes-version %s', async (text, version) => {
    expect((await read({ ...local, 'kubernetes-version': text })).settings).toMatchObject({
      kubernetesVersion: version,
    })
  })

  test('another rke may know other versions', async () => {
    const inputs = { ...local, 'rke-version': '1.9.0', 'kubernetes-version': '1.32.99-rancher1-1' }
    expect((await read(inputs)).settings).toMatchObject({
      kubernetesVersion: 'v1.32.99-rancher1-1',
      tools: { rkeVersion: 'v1.9.0' },
    })
  })

  test.each([
    [{ 'rancher-version': '2.12.0' }, /2\.12\.0.*rke/],
    [{ 'rancher-version': '2.10.0', 'kubernetes-version': '1.32.6' }, /kubernetes-version: .*1\.32/],
    [{ 'kubernetes-version': '1.32.6', 'helm-version': '3.10.0' }, /helm-version: /],
    [{ 'kubernetes-version': '1.32.6', 'cert-manager-version': '1.2.0' }, /cert-manager-version: /],
  ])('%j do not go together', async (inputs, text) =>
    expect((await read({ ...local, ...inputs })).error?.message).toMatch(text),
  )

  test('the version of cert-manager matters only where there is one', async () => {
    const inputs = { 'kubernetes-version': '1.32.6', 'cert-manager-version': '1.2.0', 'tls-source': 'secret' }
    expect((await read({ ...local, ...inputs })).error?.message).not.toMatch(/cert-manager-version/)
  })
})

test('the number of nodes on hosts is the number of hosts', async () => {
  const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.example.org`).join('\n')
  const inputs = {
    mode: 'install',
    provider: 'hosts',
    hosts,
    hostname: 'r.example.org',
    'load-balancer': 'lb.example.org',
  }
  expect((await read({ ...inputs, 'node-count': '5' })).error?.message).not.toMatch(/^node-count/m)
  expect((await read({ ...inputs, 'node-count': '7' })).error?.message).toMatch(/^node-count: .*5.*7/m)
  expect((await read({ ...inputs, 'force-nodes': 'node-9' })).error?.message).toMatch(/^force-nodes: .*node-9/m)
})

test('secrets are masked whatever is wrong, and no error repeats one', async () => {
  const state = JSON.stringify({ key: pemBlock('RSA PRIVATE KEY', 'MIIabcdefghijklmnop') }, null, 2)
  const { error, masked } = await read({
    mode: 'nonsense',
    'ssh-private-key': 'hunter2-key',
    'registry-credentials': 'r u hunter2-registry',
    'helm-values': 'bootstrapPassword: hunter2-helm\nauth: {token: hunter2-token}\nimage: plain-value',
    'rke-state': state,
  })
  expect(masked).toEqual(['hunter2-key', 'hunter2-registry', 'MIIabcdefghijklmnop', 'hunter2-helm', 'hunter2-token'])
  expect(error?.message).not.toMatch(/hunter2/)
  expect((await read({ ...local, 'ssh-private-key': 'hunter2-key' })).error?.message).not.toMatch(/hunter2/)
})

test('an input nobody knows is warned of with the one that may be meant', async () => {
  expect((await read({ ...local, 'node-cuont': '5', 'wholly-other': 'x' })).warnings).toEqual([
    'There is no input node-cuont; did you mean node-count?',
    'There is no input wholly-other',
  ])
})

test('what is told on GitHub needs a token, and is told by name when there is none', async () => {
  const asked = { ...local, comment: 'true', environment: 'pr-7', 'failure-issue': 'true' }
  const { settings, masked } = await read({ ...asked, 'github-token': 'ghs_1' })
  expect(settings?.github).toEqual({ token: 'ghs_1', comment: true, environment: 'pr-7', failureIssue: true })
  expect(masked).toEqual(['ghs_1'])
  expect((await read(asked)).error?.message.split('\n')).toEqual(
    ['comment', 'failure-issue', 'environment'].map(
      (name) => `github-token: needed with ${name} and mode install, got nothing; the job has one as github.token.`,
    ),
  )
  expect((await read({ ...local, environment: 'x'.repeat(256) })).error?.message).toMatch(
    /^environment: expected the name/,
  )
})

const KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ format: 'pem', type: 'sec1' })
  .toString()

const aws = {
  mode: 'install',
  provider: 'aws',
  'aws-region': 'eu-central-1',
  name: 'preview',
  hostname: 'preview.example.org',
  distribution: 'rke',
}

describe('provider aws', () => {
  test('has its settings, with what was not given as documented', async () => {
    const { settings } = await read({ ...aws, 'ssh-private-key': KEY, ttl: '48h', 'aws-tags': 'team=x' })
    expect(settings).toMatchObject({
      stack: { name: 'preview' },
      dnsWaitMs: 900_000,
      provider: {
        kind: 'aws',
        region: 'eu-central-1',
        image: 'debian-12',
        address: 'public',
        instanceTypes: ['m6i.xlarge', 'm5.xlarge', 't3.xlarge'],
        loadBalancerScheme: 'internal',
        runnerCidrs: 'auto',
        ttlMs: 48 * 3_600_000,
        tags: { team: 'x' },
      },
    })
  })

  test('asks of machines that run only what was given, and replaces them in mode upgrade alone', async () => {
    const given = { ...aws, 'ssh-private-key': KEY, 'aws-image': 'ubuntu-24.04-latest' }
    const { settings } = await read(given)
    expect(settings?.provider).toMatchObject({
      image: 'ubuntu-24.04-latest',
      running: { image: 'ubuntu-24.04-latest', instanceTypes: undefined, areReplaced: false },
    })
    const { distribution: _, ...rest } = given
    const upgrade = { ...rest, mode: 'upgrade', 'backup-to': 'file:/kept' }
    expect(
      (await read({ ...upgrade, 'aws-image': '', 'aws-instance-type': 'm6i.xlarge' })).settings?.provider,
    ).toMatchObject({
      image: 'debian-12',
      running: { image: undefined, instanceTypes: ['m6i.xlarge'], areReplaced: true },
    })
    const status = await read({ ...rest, mode: 'status' })
    expect(status.settings?.provider).not.toHaveProperty('running')
  })

  test.each([
    ['name', { name: '' }],
    ['aws-region', { 'aws-region': '' }],
    ['ssh-private-key', { 'ssh-private-key': '' }],
    ['allowed-cidrs', { 'load-balancer-scheme': 'internet-facing' }],
    ['aws-spot', { 'aws-spot': 'true' }],
    ['aws-region', { 'aws-region': 'Frankfurt' }],
    ['aws-role', { 'aws-role': 'admin' }],
    ['aws-vpc', { 'aws-vpc': 'mine' }],
    ['aws-subnets', { 'aws-subnets': 'subnet-1' }],
    ['aws-instance-type', { 'aws-instance-type': 'large' }],
    ['aws-image', { 'aws-image': 'windows' }],
    ['aws-volume-size', { 'aws-volume-size': '5' }],
    ['aws-kms-key', { 'aws-kms-key': 'mine' }],
    ['aws-hosted-zone', { 'aws-hosted-zone': 'org' }],
    ['aws-address', { 'aws-address': 'both' }],
    ['aws-tags', { 'aws-tags': 'rancher-ha/owner=me' }],
    ['load-balancer-scheme', { 'load-balancer-scheme': 'open' }],
    ['runner-cidr', { 'runner-cidr': '10.0.0.0/99' }],
    ['ttl', { ttl: '5m' }],
  ])('%s is told when it is wrong or missing', async (subject, given) => {
    const { error } = await read({ ...aws, 'ssh-private-key': KEY, ...given })
    expect(error?.message).toMatch(new RegExp(`^${subject}: `))
  })

  test('what only an account can give is refused elsewhere', async () => {
    const { error } = await read({ ...local, ttl: '48h', 'aws-vpc': 'vpc-0123456789abcdef0' })
    expect(error?.message).toBe('aws-vpc: expected provider aws with it, got local (mode install).')
  })

  test('machines that were brought do not expire', async () => {
    const given = { provider: 'hosts', mode: 'install', ttl: '48h' }
    expect((await read(given)).error?.message).toMatch(/^ttl: expected provider aws or local with it/m)
    expect((await read({ ...given, mode: 'sweep' })).error?.message).toMatch(/^provider: expected aws or local/m)
  })

  test('a time to live reaches the provider of this machine', async () => {
    const { settings } = await read({ ...local, ttl: '48h' })
    expect(settings?.provider).toEqual({ kind: 'local', image: undefined, ttlMs: 48 * 3_600_000 })
  })
})

test('an input of a later version is an error: nothing comes up without what was asked for', async () => {
  expect((await read({ ...local, 'http-proxy': 'http://a:3128' })).error).toMatchObject({
    kind: 'input',
    message: 'http-proxy: is not available in this version (mode install).',
  })
})

test('all that is wrong is told at once, each on a line of its own', async () => {
  const { error } = await read({
    mode: 'install',
    provider: 'hosts',
    hosts: 'a\nb',
    hostname: 'a b',
    'tls-source': 'secret',
    'tls-certificate': 'x',
    timeout: 'soon',
  })
  const told = error?.message.split('\n').map((line) => line.split(':')[0] ?? '') ?? []
  const malformed = ['hostname', 'timeout', 'tls-certificate']
  const missing = ['load-balancer', 'ssh-known-hosts', 'ssh-private-key', 'tls-private-key']
  expect(told.toSorted()).toEqual([...malformed, ...missing, 'hosts'].toSorted())
})

describe('action.yml', () => {
  const action = parse(readFileSync(new URL('../../../action.yml', import.meta.url), 'utf8'))

  test('declares the inputs that are read, and no others', async () => {
    expect(Object.keys(action.inputs).toSorted()).toEqual(['mode', ...inputNames()].toSorted())
  })

  test('declares the outputs that are set, and no others', async () => {
    expect(Object.keys(action.outputs).toSorted()).toEqual([...OUTPUTS].toSorted())
  })

  test('has the defaults the code has', async () => {
    const defaults = Object.entries<{ default?: string }>(action.inputs).flatMap(([name, input]) =>
      input.default === undefined || input.default.includes('${{') ? [] : [[name, input.default]],
    )
    expect((await read({ ...local, ...Object.fromEntries(defaults) })).settings).toEqual((await read(local)).settings)
  })
})
