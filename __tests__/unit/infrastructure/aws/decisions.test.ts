import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isStale } from '../../../../src/infrastructure/aws/claim.ts'
import { sessionProblem } from '../../../../src/infrastructure/aws/credentials.ts'
import { notesOnDialing } from '../../../../src/infrastructure/aws/dialing.ts'
import { doorKey, runOfDoor } from '../../../../src/infrastructure/aws/door.ts'
import { asCloudError, awsCode } from '../../../../src/infrastructure/aws/errors.ts'
import { makeFirstHostKey } from '../../../../src/infrastructure/aws/host-key.ts'
import { newest } from '../../../../src/infrastructure/aws/image.ts'
import { judgeTypes } from '../../../../src/infrastructure/aws/instance-types.ts'
import { launchToken } from '../../../../src/infrastructure/aws/instances.ts'
import { namesOf } from '../../../../src/infrastructure/aws/names.ts'
import { attemptsFor } from '../../../../src/infrastructure/aws/plan.ts'
import { balancedPorts, balancerRules, insideCidrs, nodeRules } from '../../../../src/infrastructure/aws/ports.ts'
import { publicKeyOf } from '../../../../src/infrastructure/aws/public-key.ts'
import { chooseZone, isOurTarget } from '../../../../src/infrastructure/aws/record.ts'
import { TAGS } from '../../../../src/infrastructure/aws/tags.ts'
import { renderUserData } from '../../../../src/infrastructure/aws/user-data.ts'
import { onePerZone } from '../../../../src/infrastructure/aws/where.ts'

const stackName = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/)

describe('names', () => {
  test('a load balancer and its target groups are named as AWS takes it, and hold the hash', () => {
    fc.assert(
      fc.property(stackName, fc.string(), (name, owner) => {
        const names = namesOf({ name, owner }, 'eu-central-1')
        for (const one of [names.balancer, names.targetGroup(80), names.targetGroup(6443)]) {
          expect(one).toMatch(/^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9-]))*[a-z0-9]$/)
          expect(one.length).toBeLessThanOrEqual(32)
        }
      }),
    )
  })

  test('owner, stack and region each make other names', () => {
    const all = [
      namesOf({ name: 'a', owner: '1' }, 'r'),
      namesOf({ name: 'a', owner: '2' }, 'r'),
      namesOf({ name: 'b', owner: '1' }, 'r'),
      namesOf({ name: 'a', owner: '1' }, 's'),
    ]
    expect(new Set(all.map(({ balancer }) => balancer)).size).toBe(4)
    expect(new Set(all.map(({ nodesGroup }) => nodesGroup)).size).toBe(4)
  })

  test('a record is ours by the load balancer’s name, also of one that is gone, and no other’s', () => {
    expect(isOurTarget('rha-x-0123456789-abc.elb.eu-central-1.amazonaws.com', 'rha-x-0123456789')).toBe(true)
    expect(isOurTarget('rha-x-9999999999-abc.elb.eu-central-1.amazonaws.com', 'rha-x-0123456789')).toBe(false)
    expect(isOurTarget(undefined, 'rha-x-0123456789')).toBe(false)
  })
})

describe('keys', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('the throw-away host key is one OpenSSH reads, and both halves belong together', () => {
    const { privateKey, publicKey } = makeFirstHostKey()
    const file = join(folder, 'first')
    writeFileSync(file, privateKey, { mode: 0o600 })
    const said = execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim()
    expect(said.split(' ').slice(0, 2).join(' ')).toBe(publicKey)
    expect(publicKeyOf(privateKey)).toBe(publicKey)
  })

  test.each(['ed25519', 'rsa', 'ecdsa'])('the public half of an OpenSSH key of %s is what ssh-keygen says', (type) => {
    const file = join(folder, type)
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file])
    expect(publicKeyOf(readFileSync(file, 'utf8'))).toBe(readFileSync(`${file}.pub`, 'utf8').trim())
  })

  test('and of a key in PEM', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()
    const file = join(folder, 'pem')
    writeFileSync(file, pem, { mode: 0o600 })
    expect(publicKeyOf(pem)).toBe(execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim())
    const ed = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(publicKeyOf(ed)).toMatch(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/)
  })
})

describe('user data', () => {
  const firstHostKey = makeFirstHostKey()
  const render = (expires: Date | undefined) =>
    JSON.parse(
      renderUserData({ name: 'node-2', firstHostKey, authorizedKeys: ['ssh-ed25519 AAAA'], expires }).replace(
        /^#.*\n/,
        '',
      ),
    )

  test('is a cloud-config below the limit, with the key the machine presents first', () => {
    const text = renderUserData({ name: 'node-2', firstHostKey, authorizedKeys: [], expires: new Date(0) })
    expect(text).toMatch(/^#cloud-config\n/)
    expect(Buffer.byteLength(text)).toBeLessThan(16_384)
    const config = render(undefined)
    expect(config.hostname).toBe('node-2')
    expect(() => createPrivateKey(config.ssh_keys.ecdsa_private)).not.toThrow()
    expect(config.users[0].ssh_authorized_keys).toEqual(['ssh-ed25519 AAAA'])
  })

  test('its script is one bash reads', () => {
    const { content } = render(new Date(0)).write_files[0]
    expect(() => execFileSync('bash', ['-n'], { input: content })).not.toThrow()
    expect(content).toContain('^2[0-8]\\.')
  })

  test('only a machine with an end gets the timer that ends it', () => {
    const paths = (expires: Date | undefined) => render(expires).write_files.map(({ path }: { path: string }) => path)
    expect(paths(undefined).join()).not.toContain('expir')
    expect(paths(new Date(0)).join()).toContain('/etc/systemd/system/rancher-ha-expiry.timer')
  })
})

describe('doors', () => {
  test('a door tells its run, as tags name runs', () => {
    const session = fc.stringMatching(/^[a-z0-9-]{1,20}$/)
    const id = fc.oneof(
      fc.nat().map(String),
      fc.nat().map((ms) => `local-${ms}`),
    )
    fc.assert(
      fc.property(id, fc.integer({ min: 1, max: 99 }), session, (id, attempt, session) => {
        expect(runOfDoor(doorKey({ id, attempt }, session))).toBe(`${id}/${attempt}`)
      }),
    )
    expect(runOfDoor('somebody')).toBeUndefined()
  })
})

describe('rules', () => {
  test('nodes let in nobody but each other and the balancer', () => {
    const rules = nodeRules(balancedPorts({ apiListener: true }), [])
    for (const { source } of rules) expect('group' in source).toBe(true)
    const fromBalancer = rules.filter(({ source }) => 'group' in source && source.group === 'balancer')
    expect(fromBalancer.map(({ from }) => from)).toEqual([80, 443, 6443])
  })

  test('a runner in the network has port 22 of the nodes for its ranges, one outside has no rule that stands', () => {
    const of = (address: 'public' | 'private', runnerCidrs: 'auto' | string[]) =>
      insideCidrs({ address, runnerCidrs }, '172.31.0.0/16')
    expect(of('public', 'auto')).toEqual([])
    expect(of('public', ['203.0.113.0/24'])).toEqual([])
    expect(of('private', 'auto')).toEqual(['172.31.0.0/16'])
    expect(of('private', ['172.31.7.0/24'])).toEqual(['172.31.7.0/24'])
    const open = nodeRules([80, 443], of('private', 'auto')).filter(({ source }) => 'cidr' in source)
    expect(open).toEqual([expect.objectContaining({ from: 22, to: 22, source: { cidr: '172.31.0.0/16' } })])
  })

  test('the balancer lets in the allowed ranges and the nodes, on its ports only', () => {
    const rules = balancerRules([80, 443], ['203.0.113.0/24'])
    expect(rules.map(({ from, source }) => [from, 'cidr' in source ? source.cidr : source.group])).toEqual([
      [80, '203.0.113.0/24'],
      [80, 'nodes'],
      [443, '203.0.113.0/24'],
      [443, 'nodes'],
    ])
  })
})

describe('nodes that come to their own load balancer', () => {
  const machine = (publicAddress: string | undefined) =>
    ({ publicAddress }) as Parameters<typeof notesOnDialing>[0]['instances'][number]
  const notes = (instances: (string | undefined)[], allowedCidrs: string[], scheme = 'internet-facing' as const) =>
    notesOnDialing({ instances: instances.map(machine) }, { loadBalancerScheme: scheme, allowedCidrs })

  test('from public addresses no range holds: these are named', () => {
    expect(notes(['54.0.0.1', '54.0.0.2'], ['54.0.0.2/32', '2001:db8::/32'])).toEqual([
      expect.stringMatching(/from 54\.0\.0\.1, which is in none/),
    ])
  })

  test('from a NAT gateway: said, for its address is not known', () => {
    expect(notes([undefined, '54.0.0.2'], ['54.0.0.0/24'])).toEqual([expect.stringMatching(/NAT gateway/)])
  })

  test('from addresses that are let in, or to a balancer inside: nothing to say', () => {
    expect(notes(['54.0.0.1'], ['54.0.0.0/24'])).toEqual([])
    expect(notes([undefined], ['0.0.0.0/0'])).toEqual([])
    const settings = { loadBalancerScheme: 'internal' as const, allowedCidrs: [] }
    expect(notesOnDialing({ instances: [machine('54.0.0.1')] }, settings)).toEqual([])
  })
})

describe('places', () => {
  const subnets = [
    { id: 'subnet-a', zone: 'a' },
    { id: 'subnet-b', zone: 'b' },
    { id: 'subnet-c', zone: 'c' },
  ]
  const place = { vpc: 'vpc-1', cidr: '10.0.0.0/16', subnets }
  const mould = {
    image: { id: 'ami-1', rootDevice: '/dev/xvda' },
    types: [{ name: 'm5.xlarge', zones: ['a', 'b', 'c'] }],
  }

  test('nodes are over the zones as evenly as their count allows, whatever stood before', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }),
        fc.constantFrom(3, 5, 7),
        (before, count) => {
          const zones: string[] = [...before]
          while (zones.length < count) zones.push(attemptsFor(place, mould, zones)[0]?.subnet.zone ?? '')
          const loads = ['a', 'b', 'c'].map((zone) => zones.filter((one) => one === zone).length)
          expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  test('a type is tried in every zone before the next type, and only where it is offered', () => {
    const types = [
      { name: 'first', zones: ['b'] },
      { name: 'second', zones: ['a', 'b'] },
    ]
    expect(attemptsFor(place, { ...mould, types }, ['b']).map(({ type, subnet }) => `${type} ${subnet.zone}`)).toEqual([
      'first b',
      'second a',
      'second b',
    ])
  })

  test('one subnet a zone, the default one first', () => {
    const found = onePerZone([
      { SubnetId: 'subnet-2', AvailabilityZone: 'b' },
      { SubnetId: 'subnet-9', AvailabilityZone: 'a', DefaultForAz: true },
      { SubnetId: 'subnet-1', AvailabilityZone: 'a' },
    ])
    expect(found).toEqual([
      { id: 'subnet-9', zone: 'a' },
      { id: 'subnet-2', zone: 'b' },
    ])
  })

  test('types that are too small, of another architecture or offered nowhere are told', () => {
    const info = (InstanceType: string, architecture: string, cpus: number, mib: number) => ({
      InstanceType: InstanceType as never,
      ProcessorInfo: { SupportedArchitectures: [architecture as never] },
      VCpuInfo: { DefaultVCpus: cpus },
      MemoryInfo: { SizeInMiB: mib },
    })
    const judge = (one: ReturnType<typeof info>, zone: string) => judgeTypes(['x'], [one], [{ type: 'x', zone }], place)
    expect(judge(info('x', 'x86_64', 4, 16_384), 'a')).toEqual({ found: [{ name: 'x', zones: ['a'] }] })
    expect(judge(info('x', 'arm64', 4, 16_384), 'a')).toHaveProperty('refusals')
    expect(judge(info('x', 'x86_64', 1, 16_384), 'a')).toHaveProperty('refusals')
    expect(judge(info('x', 'x86_64', 4, 2048), 'a')).toHaveProperty('refusals')
    expect(judge(info('x', 'x86_64', 4, 16_384), 'z')).toHaveProperty('refusals')
  })

  test('the newest image is the one made last', () => {
    const images = [{ CreationDate: '2026-01-01' }, { CreationDate: '2026-03-01' }, { CreationDate: '2026-02-01' }]
    expect(newest(images)?.CreationDate).toBe('2026-03-01')
  })

  test('the zone of a name is the longest that fits; of two alike none is guessed', () => {
    const zones = [
      { id: 'Z1', name: 'example.org' },
      { id: 'Z2', name: 'team.example.org' },
      { id: 'Z3', name: 'notexample.org' },
    ]
    expect(chooseZone(zones, 'rancher.team.example.org', undefined).zone?.id).toBe('Z2')
    expect(chooseZone(zones, 'rancher.example.org', undefined).zone?.id).toBe('Z1')
    expect(chooseZone(zones, 'rancher.team.example.org', 'example.org').zone?.id).toBe('Z1')
    expect(chooseZone(zones, 'rancher.elsewhere.org', undefined)).toEqual({ zone: undefined, refusals: [] })
    const twice = [...zones, { id: 'Z4', name: 'example.org' }]
    expect(chooseZone(twice, 'rancher.example.org', undefined)).toMatchObject({
      zone: undefined,
      refusals: [{ subject: 'aws-hosted-zone' }],
    })
  })
})

describe('tokens and claims', () => {
  const context = { stack: { name: 's', owner: '1', ownerName: 'o' }, settings: { region: 'r' } as never }
  const attempt = { type: 't', subnet: { id: 'subnet-1', zone: 'a' } }

  test('a token is the same for the same launch, in whatever order its predecessors ended, and another for any other', () => {
    const token = (node: string, ended: string[]) => launchToken(context, { node, ended }, attempt)
    expect(token('node-1', ['i-1', 'i-2'])).toBe(token('node-1', ['i-2', 'i-1']))
    expect(new Set([token('node-1', []), token('node-2', []), token('node-1', ['i-1'])]).size).toBe(3)
    expect(token('node-1', []).length).toBeLessThanOrEqual(64)
  })

  test('a claim is stale when nobody renewed it for five minutes, or when it is of an earlier attempt', () => {
    const now = () => new Date('2026-01-01T12:00:00Z')
    const tags = (holder: string, renewed: string) => ({ [TAGS.holder]: holder, [TAGS.renewed]: renewed })
    const run = { id: '5', attempt: 2 }
    expect(isStale(tags('4/1', '2026-01-01T11:56:00Z'), { run, now })).toBe(false)
    expect(isStale(tags('4/1', '2026-01-01T11:54:00Z'), { run, now })).toBe(true)
    expect(isStale(tags('5/1', '2026-01-01T11:59:59Z'), { run, now })).toBe(true)
    expect(isStale(tags('5/2', '2026-01-01T11:59:59Z'), { run, now })).toBe(false)
  })

  test('a session must last for what the run does', () => {
    const now = new Date('2026-01-01T12:00:00Z')
    const end = new Date('2026-01-01T12:20:00Z')
    expect(sessionProblem({ end, renewed: false, builds: false }, now)).toBeUndefined()
    expect(sessionProblem({ end, renewed: false, builds: true }, now)).toMatch(/ends in 20 minutes.*needs 30/)
    expect(sessionProblem({ end, renewed: true, builds: true }, now)).toBeUndefined()
    expect(sessionProblem({ end: undefined, renewed: false, builds: true }, now)).toBeUndefined()
  })

  test('an error says the action, the resource, the code and what to do', () => {
    const thrown = Object.assign(new Error('You are not authorized.'), { name: 'UnauthorizedOperation' })
    const error = asCloudError(thrown, { action: 'ec2:RunInstances', input: { InstanceIds: ['i-1'] } })
    expect(error).toMatchObject({
      kind: 'cloud',
      message: 'ec2:RunInstances of i-1 failed: UnauthorizedOperation: You are not authorized.',
      next: expect.stringContaining('Allow ec2:RunInstances'),
    })
    expect(awsCode(error)).toBe('UnauthorizedOperation')
  })
})
