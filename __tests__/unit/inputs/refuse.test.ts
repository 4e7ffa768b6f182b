import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { asStackError } from '../../../src/errors.ts'
import { parseInputs } from '../../../src/inputs.ts'
import { makeSigner } from '../../../src/snapshots/signer.ts'
import { makeCertificate } from '../rancher/certificate.ts'

type Inputs = Record<string, string>

/** The lines of the refusal, in order; none when the inputs are taken. */
async function told(inputs: Inputs): Promise<string[]> {
  const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
  try {
    await parseInputs({ env, now: new Date(), mask: () => {}, warn: () => {} })
    return []
  } catch (thrown) {
    const { kind, message } = asStackError(thrown)
    expect(kind).toBe('input')
    return message.split('\n')
  }
}
const subjects = async (inputs: Inputs) => (await told(inputs)).map((line) => line.split(':')[0])

const KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ format: 'pem', type: 'sec1' })
  .toString()
const KNOWN = '10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0Qk3wTpFRyyDcrQ9ZGZyHqTzzo9XrxuO3yEXQbKlq1'
const local = { mode: 'install', provider: 'local' }
const upgrade = { mode: 'upgrade', provider: 'local', 'backup-to': 'file:/kept' }
const aws = {
  mode: 'install',
  provider: 'aws',
  'aws-region': 'eu-central-1',
  name: 'preview',
  hostname: 'preview.example.org',
  'ssh-private-key': KEY,
}
const hosts = {
  mode: 'install',
  provider: 'hosts',
  hosts: 'a\nb\nc',
  hostname: 'r.example.org',
  'load-balancer': 'lb.example.org',
  'ssh-private-key': KEY,
  'ssh-known-hosts': KNOWN,
}
const without = (inputs: Inputs, name: string) => ({ ...inputs, [name]: '' })

test.each([local, upgrade, aws, hosts])('what is whole is taken: %j', async (inputs) => {
  expect(await told(inputs)).toEqual([])
})

describe('what is missing', () => {
  test('a provider is needed by every stack', async () => {
    expect(await told({ mode: 'status' })).toEqual([
      'provider: needed with every stack and mode status, got nothing; expected one of aws, hosts, local.',
    ])
    expect(await told({ mode: 'install' })).toEqual([
      'provider: needed with every stack and mode install, got nothing; expected one of aws, hosts, local.',
      'hostname: needed with provider hosts and mode install, got nothing.',
    ])
  })

  test.each(['hosts', 'load-balancer', 'ssh-private-key'])('%s by machines that were brought', async (name) => {
    expect(await told(without(hosts, name))).toEqual([
      `${name}: needed with provider hosts and mode install, got nothing.`,
    ])
  })

  test('the host keys of machines that were brought, or the word that they are trusted', async () => {
    expect(await told(without(hosts, 'ssh-known-hosts'))).toEqual([
      expect.stringMatching(/^ssh-known-hosts: needed with provider hosts .*; give the known_hosts lines/),
    ])
  })

  test('a host name by an install that is not on this machine, and by no other mode', async () => {
    for (const inputs of [aws, hosts]) {
      expect(await told(without(inputs, 'hostname'))).toEqual([
        `hostname: needed with provider ${inputs.provider} and mode install, got nothing.`,
      ])
      expect(await told({ ...without(inputs, 'hostname'), mode: 'status' })).toEqual([])
    }
  })

  test.each(['aws-region', 'name', 'ssh-private-key'])('%s by an account', async (name) => {
    expect(await told(without(aws, name))).toEqual([
      expect.stringMatching(new RegExp(`^${name}: needed with provider aws and mode install, got nothing[.;]`)),
    ])
  })

  test('what is needed is told without a note where there is none', async () => {
    expect(await told(without(aws, 'name'))).toEqual(['name: needed with provider aws and mode install, got nothing.'])
    expect(await told({ ...aws, 'load-balancer-scheme': 'internet-facing' })).toEqual([
      'allowed-cidrs: needed with load-balancer-scheme internet-facing and mode install, got nothing.',
    ])
  })

  test('what an install needs of an account no other mode does', async () => {
    const asked = { 'load-balancer-scheme': 'internet-facing', 'aws-spot': 'true' }
    expect(await subjects({ ...aws, ...asked })).toEqual(['allowed-cidrs', 'aws-spot'])
    expect(await told({ ...aws, ...asked, mode: 'status' })).toEqual([])
  })

  test('hosts of which none is left are missing, and nothing more is said of them', async () => {
    expect(await subjects({ ...hosts, hosts: '# none' })).toEqual(['hosts'])
  })

  test('a sweep needs the region alone', async () => {
    expect(await told({ mode: 'sweep', provider: 'aws', 'aws-region': 'eu-central-1' })).toEqual([])
    expect(await told({ mode: 'sweep', provider: 'local' })).toEqual([])
  })

  test.each(['backup', 'upgrade'])('someone who can read an artifact again, in mode %s', async (mode) => {
    for (const places of ['artifact', 'artifact\nfile:/kept']) {
      expect(await told({ mode, provider: 'local', 'backup-to': places })).toEqual([
        expect.stringMatching(`^backup-recipients: needed with backup-to artifact and mode ${mode}, got nothing; `),
      ])
    }
    expect(await told({ mode, provider: 'local', 'backup-to': 'file:/kept' })).toEqual([])
  })

  test('what each source of certificates needs', async () => {
    expect(await told({ ...local, 'tls-source': 'letsEncrypt' })).toEqual([
      'letsencrypt-email: needed with tls-source letsEncrypt and mode install, got nothing.',
    ])
    expect(await told({ ...local, 'tls-source': 'secret' })).toEqual([
      'tls-certificate: needed with tls-source secret and mode install, got nothing.',
      'tls-private-key: needed with tls-source secret and mode install, got nothing.',
    ])
    expect(await told({ ...local, 'tls-source': 'letsEncrypt', 'letsencrypt-email': 'a@b.org' })).toEqual([])
  })
})

describe('what does not go together', () => {
  const { certificate, privateKey } = makeCertificate('rancher.example.org')
  const given = {
    ...local,
    hostname: 'rancher.example.org',
    'tls-source': 'secret',
    'tls-certificate': certificate,
    'tls-private-key': privateKey,
  }

  test('a certificate serves the host name, and has its key', async () => {
    expect(await told(given)).toEqual([])
    expect(await told({ ...given, hostname: 'other.example.org' })).toEqual([
      'tls-certificate: expected a certificate for other.example.org, got one for DNS:rancher.example.org (mode install).',
    ])
    expect(await told({ ...given, 'tls-private-key': makeCertificate('x.org').privateKey })).toEqual([
      'tls-private-key: expected the key of tls-certificate, got another one (mode install).',
    ])
  })

  test('of what is wrong or missing alone nothing more is said', async () => {
    expect(await subjects({ ...given, hostname: 'a b' })).toEqual(['hostname'])
    expect(await subjects(without(given, 'tls-private-key'))).toEqual(['tls-private-key'])
    expect(await subjects(without(given, 'tls-certificate'))).toEqual(['tls-certificate'])
    expect(await subjects({ ...local, 'aws-vpc': 'mine' })).toEqual(['aws-vpc'])
    expect(await subjects({ ...aws, 'aws-spot': 'true', ttl: 'soon' })).toEqual(['ttl'])
  })

  const accounts: [string, string][] = [
    ['aws-role', 'arn:aws:iam::123456789012:role/rancher'],
    ['aws-vpc', 'vpc-0123456789abcdef0'],
    ['aws-subnets', 'subnet-0123456789abcdef0'],
    ['aws-kms-key', 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'],
    ['aws-hosted-zone', 'Z0123456789ABCDEFGHIJ'],
    ['allowed-cidrs', '10.0.0.0/8'],
  ]
  test.each(accounts)('%s is asked of an account, and of no other provider', async (name, value) => {
    for (const inputs of [local, hosts]) {
      expect(await told({ ...inputs, [name]: value })).toEqual([
        `${name}: expected provider aws with it, got ${inputs.provider} (mode install).`,
      ])
    }
    expect(await told({ ...aws, [name]: value })).toEqual([])
    expect(await subjects({ mode: 'install', [name]: value })).toEqual(['provider', 'hostname'])
  })

  test('machines that may be taken away any time are for a stack that ends', async () => {
    expect(await subjects({ ...aws, 'aws-spot': 'true' })).toEqual(['aws-spot'])
    expect(await told({ ...aws, 'aws-spot': 'true', ttl: '48h' })).toEqual([])
  })

  test('an odd number of hosts, for an install', async () => {
    expect(await told({ ...hosts, hosts: 'a\nb' })).toEqual([
      'hosts: expected an odd number of machines from 3 to 7, got 2 (mode install).',
    ])
    expect(await told({ ...hosts, mode: 'status', hosts: 'a\nb' })).toEqual([])
    expect(await told({ ...hosts, hosts: 'a\nb\nc\nd\ne', 'node-count': '5' })).toEqual([])
    expect(await told({ ...local, hosts: 'a\nb' })).toEqual([])
  })

  test('nodes are forced by their names', async () => {
    expect(await told({ ...hosts, 'force-nodes': 'node-2' })).toEqual([])
    expect(await told({ ...hosts, 'force-nodes': 'node-9' })).toEqual([
      'force-nodes: expected names of hosts (node-1, node-2, node-3), got "node-9" (mode install).',
    ])
  })

  test('a snapshot is either signed by somebody known, or taken unsigned', async () => {
    const restore = { mode: 'restore', provider: 'local', 'backup-from': 'file:/kept' }
    const signer = { 'snapshot-signer': makeSigner().publicKey }
    expect(await subjects({ ...restore, ...signer, unsigned: 'true' })).toEqual(['unsigned'])
    expect(await told({ ...restore, ...signer })).toEqual([])
    expect(await told({ ...restore, unsigned: 'true' })).toEqual([])
  })
})

describe('versions', () => {
  test.each([local, upgrade])('a Kubernetes that rke does not install: %j', async (inputs) => {
    expect(await told({ ...inputs, 'kubernetes-version': '1.31.99' })).toEqual([
      `kubernetes-version: expected a version that rke 1.8.5 installs (v1.32.6-rancher1-1, v1.31.10-rancher1-1, v1.30.14-rancher1-1), got v1.31.99 (mode ${inputs.mode}).`,
    ])
  })

  test('the last patch is judged once it is known which it is', async () => {
    const latest = { 'kubernetes-version': 'latest-patch', 'rancher-version': '2.11.3' }
    expect(await told({ ...local, ...latest })).toEqual([])
    expect(await told({ ...upgrade, ...latest })).toEqual([])
  })

  test('what the distribution carries is known of a new stack, and of one that stands the stack tells', async () => {
    expect(await subjects({ ...local, 'rancher-version': '2.12.3' })).toEqual(['rancher-version'])
    expect(await told({ ...upgrade, 'rancher-version': '2.12.3' })).toEqual([])
    expect(await subjects({ ...upgrade, 'rancher-version': '2.12.3', 'kubernetes-version': '1.30.14' })).toEqual([
      'kubernetes-version',
    ])
  })

  test('no upgrade goes to an alpha', async () => {
    const alpha = { ...upgrade, 'rancher-chart': 'alpha' }
    expect(await told({ ...alpha, 'rancher-version': '2.11.3' })).toEqual([
      'rancher-chart: expected a rancher-version of latest or stable, got chart alpha: no upgrade to or from an alpha is known to work (mode upgrade).',
    ])
    expect(await told(alpha)).toEqual([])
  })
})
