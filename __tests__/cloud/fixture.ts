import { generateKeyPairSync } from 'node:crypto'
import { EC2 } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53'
import { type Moto, startMoto } from '../../lab/cloud/moto.ts'
import { type AwsOptions, awsInfrastructure } from '../../src/infrastructure/aws/aws.ts'
import type { AwsRunSettings } from '../../src/infrastructure/aws/settings.ts'
import type { Infrastructure } from '../../src/infrastructure/infrastructure.ts'
import type { RunId, StackId } from '../../src/node.ts'
import type { AwsProviderSettings } from '../../src/settings.ts'
import type { InfrastructureFixture } from '../contract/infrastructure.ts'

export const REGION = 'eu-central-1'
export const HOSTNAME = 'rancher.example.test'
export const STACK: StackId = { name: 'rancher', owner: '4711', ownerName: 'acme/cattle' }
export const RUN: RunId = { id: '41', attempt: 1 }

const KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ format: 'pem', type: 'sec1' })
  .toString()

export const PROVIDER: AwsProviderSettings = {
  kind: 'aws',
  region: REGION,
  role: undefined,
  idToken: undefined,
  vpc: undefined,
  subnets: [],
  instanceTypes: ['m6i.xlarge', 'm5.xlarge'],
  image: 'debian-12',
  volumeSizeGib: 40,
  kmsKey: undefined,
  hostedZone: undefined,
  address: 'public',
  spot: false,
  tags: {},
  loadBalancerScheme: 'internal',
  allowedCidrs: [],
  runnerCidrs: ['192.0.2.7/32'],
  apiListener: false,
  ttlMs: undefined,
}

export type Asked = {
  provider?: Partial<AwsProviderSettings>
  stack?: StackId
  run?: RunId
  /** null: the stack is only read or taken away. */
  asked?: { hostname: string; nodeCount: number } | null
  options?: Partial<AwsOptions>
}

/** An account on the stand-in, with one hosted zone, and the eyes and hands of a test in it. */
export interface Account {
  moto: Moto
  ec2: EC2
  elb: ElasticLoadBalancingV2
  zone: string
  /** Every call any provider of this account made, as IAM names it. */
  calls: string[]
  log: string[]
  open(asked?: Asked): Promise<Infrastructure>
  settings(asked?: Asked): AwsRunSettings
  options(asked?: Asked): AwsOptions
  /** Makes a record nobody asked for. */
  addRecord(name: string, type: 'A' | 'CNAME', value: string): Promise<void>
  beforeCall: (action: string, reads: boolean) => void
}

/** Where the SDK finds the stand-in; set once a process. */
export async function openMoto(): Promise<Moto> {
  const moto = await startMoto()
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: moto.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  })
  return moto
}

/** An empty account: what stood in it before is forgotten. */
export async function openAccount(moto: Moto): Promise<Account> {
  await moto.reset()
  const dns = new Route53Client({ region: REGION })
  const { HostedZone } = await dns.send(new CreateHostedZoneCommand({ Name: 'example.test', CallerReference: 'test' }))
  const zone = HostedZone?.Id?.replace('/hostedzone/', '') ?? ''
  const resolve = async (name: string) => await resolveIn(moto, name)
  const account: Account = {
    moto,
    ec2: new EC2({ region: REGION }),
    elb: new ElasticLoadBalancingV2({ region: REGION }),
    zone,
    calls: [],
    log: [],
    beforeCall: () => {},
    settings: ({ provider, stack = STACK, run = RUN } = {}) => ({
      provider: { ...PROVIDER, ...provider },
      stack,
      run,
      ssh: { privateKeys: [KEY] },
      deadline: new Date(Date.now() + 3_600_000),
    }),
    options: ({ asked, options } = {}) => ({
      asked: asked === null ? undefined : (asked ?? { hostname: HOSTNAME, nodeCount: 3 }),
      log: (line) => account.log.push(line),
      session: 'session-of-a-test',
      network: { resolve, ownAddress: async () => '192.0.2.7' },
      firstContact: firstContact(),
      pollMs: 10,
      client: {
        maxAttempts: 3,
        onCall: (action, reads) => {
          account.calls.push(action)
          account.beforeCall(action, reads)
        },
      },
      ...options,
    }),
    open: (asked = {}) => awsInfrastructure(account.settings(asked), account.options(asked)),
    async addRecord(name, type, value) {
      const ResourceRecordSet = { Name: name, Type: type, TTL: 60, ResourceRecords: [{ Value: value }] }
      const ChangeBatch = { Changes: [{ Action: 'CREATE' as const, ResourceRecordSet }] }
      await dns.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch }))
    },
  }
  return account
}

/** Stands for the machines: each makes a key of its own. */
function firstContact(): NonNullable<AwsOptions['firstContact']> {
  return {
    makeHostKey: async ({ privateAddress }) =>
      `ssh-ed25519 ${Buffer.from(`key of ${privateAddress}`).toString('base64')}`,
    async dropFirstHostKey() {},
    async setExpiry() {},
  }
}

/** Follows aliases of the hosted zones, as their servers would; a balancer has one address a subnet. */
async function resolveIn(moto: Moto, name: string): Promise<string[]> {
  const balancer = (await moto.balancers()).find(({ dnsName }) => dnsName === name)
  if (balancer !== undefined) return balancer.subnets.map((_, index) => `198.51.100.${index + 1}`)
  const records = (await moto.zones()).flatMap((zone) => zone.records)
  const record = records.find((one) => one.name.replace(/\.$/, '') === name)
  if (record === undefined) return []
  return record.alias === null ? record.values : resolveIn(moto, record.alias.replace(/\.$/, ''))
}

/** Of the changes a run makes, every eighth is one it is killed before; which ones is drawn anew for each process. */
const STRIDE = 8
const phase = 1 + Math.floor(Math.random() * STRIDE)

/** The account as the contract of providers wants it. */
export async function awsFixture(moto: Moto): Promise<InfrastructureFixture> {
  const account = await openAccount(moto)
  return {
    wanted: { nodeCount: 3, hostname: HOSTNAME },
    open: () => account.open(),
    world: () => moto.world(),
    resolve: (name) => resolveIn(moto, name),
    makes: {
      addLookAlikes: () => addLookAlikes(account),
      kill: (moment) => kill(account, phase + (moment - 1) * STRIDE),
    },
    async [Symbol.asyncDispose]() {
      account.beforeCall = () => {}
    },
  }
}

/** Another stack of the owner, one of a longer name, and things without a tag that are called alike. */
export async function addLookAlikes(account: Account): Promise<void> {
  const sister = { ...STACK, name: 'rancher-2' }
  const { runAll } = await import('./run-all.ts')
  const asked = { hostname: 'rancher-2.example.test', nodeCount: 1 }
  await runAll(await account.open({ stack: sister, asked }), { nodeCount: 1, hostname: asked.hostname })
  await account.ec2.createSecurityGroup({ GroupName: 'rancher-ha-rancher', Description: 'not ours' })
  await account.ec2.runInstances({
    ImageId: 'ami-0d0000000000000d2',
    InstanceType: 'm5.xlarge',
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'rancher-ha-rancher-node-1' }] }],
  })
  await account.addRecord(`other.${HOSTNAME}`, 'A', '203.0.113.9')
}

/** A run that dies before its n-th change of the account. */
export function kill(account: Account, moment: number) {
  const death = new AbortController()
  let changes = 0
  account.beforeCall = (_, reads) => {
    if (!reads) changes += 1
    if (changes >= moment) death.abort(new Error(`killed before change ${moment}`))
    death.signal.throwIfAborted()
  }
  return {
    signal: death.signal,
    happened() {
      account.beforeCall = () => {}
      return death.signal.aborted
    },
  }
}
