import { EC2 } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { Route53 } from '@aws-sdk/client-route-53'
import { type Cloud, openCloud } from '../../lab/cloud/cloud.ts'
import type { LabInstance } from '../../lab/cloud/moto.ts'
import type { RunOptions } from '../runner/runner.ts'
import { key } from '../scenarios/inputs.ts'
import { act, type Done, type Stack, stackNamed } from './stack.ts'

type Inputs = Record<string, string>

const REGION = 'eu-central-1'
/** The zone all stacks of the lab have their names in. */
const ZONE = 'rancher.test'
/** Where the users of a balancer that faces the internet are; the runner is none of them. */
export const USERS = '192.0.2.0/24'

/** A stack in an account, with what only its owner knows. */
export type AwsStack = Stack & {
  /** Inputs of any mode but install: who it is, and how it is reached. */
  identity: Inputs
  sweep(changed?: Inputs, options?: RunOptions): Promise<Done>
  /** Where and how a run of it runs; for modes that are started another way. */
  where(options?: RunOptions): RunOptions
}

/** An account of the lab's cloud as its owner sees it, past our own code. */
export type Account = AsyncDisposable & {
  cloud: Cloud
  ec2: EC2
  elb: ElasticLoadBalancingV2
  dns: Route53
  /** A stack whose runner is on the internet, or in the private network. */
  stack(name: string, place: 'outside' | 'inside'): AwsStack
  /** Ids of all that stands in the account. */
  world(): Promise<string[]>
  /** Ranges that rules of a stack's groups admit, by group and port ("nodes 22 198.51.100.7/32"). */
  admitted(name: string): Promise<string[]>
  /** The instance of each node of a stack that lives. */
  instances(name: string): Promise<Map<string, LabInstance>>
  /** Names of the calls that changed something while work was done, and how many there were of all. */
  calls<T>(work: () => Promise<T>): Promise<{ result: T; all: string[]; changing: string[] }>
}

/** An empty account with one hosted zone. */
export async function openAccount(): Promise<Account> {
  const cloud = await openCloud((line) => process.stderr.write(`    cloud: ${line}\n`))
  const config = {
    region: REGION,
    endpoint: cloud.moto.url,
    credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' },
  }
  const dns = new Route53(config)
  const ec2 = new EC2(config)
  await dns.createHostedZone({ Name: ZONE, CallerReference: 'lab' })
  // The default network is there before anybody looks at what stands.
  await ec2.describeSubnets({})
  const privateKey = key()
  return {
    cloud,
    ec2,
    elb: new ElasticLoadBalancingV2(config),
    dns,
    stack: (name, place) => stackOn(cloud, { name, place, privateKey }),
    world: () => cloud.moto.world(),
    async admitted(name) {
      const groups = (await cloud.moto.groups()).filter((group) => group.name.startsWith(`rancher-ha-${name}-`))
      return groups.flatMap((group) =>
        group.rules.flatMap(({ from, cidr }) =>
          cidr === null ? [] : [`${group.name.split('-').at(-1)} ${from} ${cidr}`],
        ),
      )
    },
    async instances(name) {
      const alive = (await cloud.moto.instances()).filter(({ state }) => !/^(shutting-down|terminated)$/.test(state))
      const own = alive.filter(({ tags }) => tags['rancher-ha/stack'] === name)
      return new Map(own.map((instance) => [instance.tags['rancher-ha/node'] ?? '', instance]))
    },
    async calls(work) {
      const before = (await cloud.moto.calls()).length
      const result = await work()
      const all = (await cloud.moto.calls()).slice(before)
      return { result, all, changing: all.filter((name) => !/^(Describe|List|Get)/.test(name)) }
    },
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  }
}

type Place = 'outside' | 'inside'

/** What provider aws is told of where the runner is. */
const PLACES: Record<Place, Inputs> = {
  inside: { 'aws-address': 'private', 'load-balancer-scheme': 'internal' },
  outside: { 'aws-address': 'public', 'load-balancer-scheme': 'internet-facing', 'allowed-cidrs': USERS },
}

function stackOn(
  cloud: Cloud,
  { name, place, privateKey }: { name: string; place: Place; privateKey: string },
): AwsStack {
  const local = stackNamed(name)
  const own = {
    provider: 'aws',
    'local-image': '',
    'aws-region': REGION,
    'ssh-private-key': privateKey,
    ...PLACES[place],
  }
  const where = (options: RunOptions = {}): RunOptions => ({
    ...options,
    wrap: cloud.on(place),
    env: { ...cloud.env, ...options.env },
  })
  const installInputs = (changed: Inputs = {}) => local.installInputs({ ...own, ...changed })
  const identity: Inputs = { name, ...own }
  return {
    ...local,
    identity,
    where,
    view: { ...local.view, from: cloud.on(place === 'inside' ? 'inside' : 'user') },
    installInputs,
    install: (changed, options) => act(name, installInputs(changed), where(options)),
    status: (changed, options) => act(name, { mode: 'status', ...own, name, ...changed }, where(options)),
    sweep: (changed, options) => act(name, { mode: 'sweep', ...own, ...changed }, where(options)),
    destroy: (changed, options) => {
      const asked = { mode: 'destroy', confirm: local.hostname, 'last-snapshot': 'false' }
      return act(name, { ...asked, ...own, name, ...changed }, where(options))
    },
  }
}
