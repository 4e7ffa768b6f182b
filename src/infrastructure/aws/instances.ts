import { createHash } from 'node:crypto'
import type { _InstanceType, Instance as AwsInstance, Reservation } from '@aws-sdk/client-ec2'
import { StackError } from '../../errors.ts'
import type { Node } from '../../node.ts'
import type { AwsContext } from './context.ts'
import { awsCode, isCapacity } from './errors.ts'
import type { Instance, Mould, Subnet } from './findings.ts'
import { makeFirstHostKey } from './host-key.ts'
import { fromAws, isOurs, stackFilter, TAGS, type Tags, toAws } from './tags.ts'
import { NODE_USER, renderUserData } from './user-data.ts'
import { unlessMissing, until } from './wait.ts'

type State = Instance['state'] | 'shutting-down' | 'terminated'

export type SeenInstance = Omit<Instance, 'state'> & { state: State }

/** Every machine that carries the stack's name and our owner, ended ones too as long as the cloud tells of them. */
export async function findInstances({ aws, stack }: AwsContext): Promise<SeenInstance[]> {
  const seen: AwsInstance[] = []
  let NextToken: string | undefined
  do {
    const answer = await aws.ec2.describeInstances({
      Filters: stackFilter(stack.name),
      ...(NextToken !== undefined && { NextToken }),
    })
    seen.push(...instancesIn(answer.Reservations))
    NextToken = answer.NextToken
  } while (NextToken)
  return seen.map(describeInstance).filter(({ tags }) => isOurs(tags, stack))
}

function instancesIn(reservations: Reservation[] | undefined): AwsInstance[] {
  return (reservations ?? []).flatMap(({ Instances }) => Instances ?? [])
}

export function describeInstance(instance: AwsInstance): SeenInstance {
  const tags = fromAws(instance.Tags)
  return {
    id: instance.InstanceId ?? '',
    name: tags[TAGS.node] ?? '',
    state: (instance.State?.Name ?? 'pending') as State,
    type: String(instance.InstanceType),
    image: instance.ImageId ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    privateAddress: instance.PrivateIpAddress ?? '',
    publicAddress: instance.PublicIpAddress || undefined,
    groups: (instance.SecurityGroups ?? []).map(({ GroupId = '' }) => GroupId).sort(),
    launchedAt: instance.LaunchTime?.toISOString() ?? '',
    tags,
  }
}

/** As the house knows it. One that was not finished is no machine to speak to yet, so it does not count as running. */
export function nodeOf(instance: SeenInstance, address: 'public' | 'private'): Node {
  const { tags, privateAddress, publicAddress } = instance
  const keys = [tags[TAGS.hostKey] ?? tags[TAGS.firstHostKey]]
  return {
    name: instance.name,
    address: (address === 'public' ? publicAddress : undefined) ?? privateAddress,
    port: 22,
    privateAddress,
    user: NODE_USER,
    state: instance.state === 'running' && tags[TAGS.hostKey] !== undefined ? 'running' : 'stopped',
    hostKeys: keys.filter((key) => key !== undefined),
  }
}

export type Launch = {
  node: string
  image: Mould['image']
  /** Tried in this order. */
  attempts: { type: string; subnet: Subnet }[]
  /** Ids of machines of this name that ended. */
  ended: string[]
  /** Id of the machine it is to replace. */
  replaces?: string
  /** What its disk must hold at least, in GiB. */
  diskGib?: number
  group: string
  tags: Tags
  expires: string | undefined
}

/** Where two launches of one machine meet: the same token gives the same machine. */
export function launchToken(
  { stack, settings }: Pick<AwsContext, 'stack' | 'settings'>,
  { node, ended }: Pick<Launch, 'node' | 'ended'>,
  { type, subnet }: Launch['attempts'][number],
): string {
  const parts = [stack.owner, stack.name, settings.region, node, type, subnet.id, ...ended.toSorted()]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 64)
}

/**
 * A machine for the node, in the first zone and of the first type that has room.
 *
 * @returns its id
 * @throws StackError of kind `cloud` that names all that was tried
 */
export async function launch(context: AwsContext, wanted: Launch, signal: AbortSignal): Promise<string> {
  const tried: string[] = []
  let last: unknown
  for (const attempt of wanted.attempts) {
    signal.throwIfAborted()
    try {
      return await launchOne(context, wanted, attempt, signal)
    } catch (thrown) {
      if (!isCapacity(thrown)) throw thrown
      last = thrown
      tried.push(`${attempt.type} in ${attempt.subnet.zone} (${awsCode(thrown)})`)
      context.log(`${wanted.node}: no room for ${tried.at(-1)}`)
    }
  }
  throw new StackError('cloud', `${wanted.node}: no room for ${tried.join(', ')}.`, {
    next: 'Name more instance types in aws-instance-type or more subnets in aws-subnets, or run again later.',
    retry: true,
    cause: last instanceof StackError ? last.cause : last,
  })
}

async function launchOne(
  context: AwsContext,
  wanted: Launch,
  attempt: Launch['attempts'][number],
  signal: AbortSignal,
): Promise<string> {
  const ended = [...wanted.ended]
  for (;;) {
    signal.throwIfAborted()
    const id = await runInstance(context, { ...wanted, ended }, attempt, signal)
    const found = await until(() => findOne(context, id), { ...context, signal })
    // The cloud may answer a token of long ago with a machine that has ended since.
    if (found.state !== 'terminated' && found.state !== 'shutting-down') return id
    if (ended.includes(id)) throw new StackError('cloud', `${wanted.node}: ${id} ended as soon as it was launched.`)
    ended.push(id)
  }
}

async function runInstance(
  context: AwsContext,
  wanted: Launch,
  attempt: Launch['attempts'][number],
  signal: AbortSignal,
): Promise<string> {
  const ClientToken = launchToken(context, wanted, attempt)
  try {
    const { Instances } = await context.aws.ec2.runInstances(request(context, wanted, attempt, ClientToken))
    return Instances?.[0]?.InstanceId ?? ''
  } catch (thrown) {
    if (awsCode(thrown) !== 'IdempotentParameterMismatch') throw thrown
    // An earlier run, killed here, asked with another throw-away key: its machine is the one, as it was asked for.
    const Filters = [{ Name: 'client-token', Values: [ClientToken] }]
    const find = async () => instancesIn((await context.aws.ec2.describeInstances({ Filters })).Reservations)[0]
    return (await until(find, { ...context, signal })).InstanceId ?? ''
  }
}

function request(context: AwsContext, wanted: Launch, { type, subnet }: Launch['attempts'][number], token: string) {
  const { settings, names, publicKeys } = context
  const firstHostKey = makeFirstHostKey()
  const expires = wanted.expires === undefined ? undefined : new Date(wanted.expires)
  const userData = renderUserData({ name: wanted.node, firstHostKey, authorizedKeys: publicKeys, expires })
  const Tags = toAws({ ...wanted.tags, Name: names.instance(wanted.node), [TAGS.node]: wanted.node })
  const born = [
    ...Tags,
    ...toAws({ ...(wanted.replaces !== undefined && { [TAGS.replaces]: wanted.replaces }) }),
    { Key: TAGS.firstHostKey, Value: firstHostKey.publicKey },
  ]
  return {
    ClientToken: token,
    MinCount: 1,
    MaxCount: 1,
    ImageId: wanted.image.id,
    InstanceType: type as _InstanceType,
    UserData: Buffer.from(userData).toString('base64'),
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet.id,
        Groups: [wanted.group],
        AssociatePublicIpAddress: settings.address === 'public',
        DeleteOnTermination: true,
      },
    ],
    BlockDeviceMappings: [
      {
        DeviceName: wanted.image.rootDevice,
        Ebs: {
          VolumeType: 'gp3' as const,
          VolumeSize: Math.max(settings.volumeSizeGib, wanted.diskGib ?? 0),
          Encrypted: true,
          DeleteOnTermination: true,
          ...(settings.kmsKey !== undefined && { KmsKeyId: settings.kmsKey }),
        },
      },
    ],
    // A hop limit of 1 keeps the metadata, the user data in it, from pods of the pod network.
    MetadataOptions: { HttpTokens: 'required' as const, HttpEndpoint: 'enabled' as const, HttpPutResponseHopLimit: 1 },
    DisableApiTermination: expires === undefined && !settings.spot,
    InstanceInitiatedShutdownBehavior: expires === undefined ? ('stop' as const) : ('terminate' as const),
    ...(settings.spot && {
      InstanceMarketOptions: {
        MarketType: 'spot' as const,
        SpotOptions: { SpotInstanceType: 'one-time' as const, InstanceInterruptionBehavior: 'terminate' as const },
      },
    }),
    TagSpecifications: [
      { ResourceType: 'instance' as const, Tags: born },
      { ResourceType: 'volume' as const, Tags },
      { ResourceType: 'network-interface' as const, Tags },
    ],
  }
}

export async function findOne({ aws }: AwsContext, id: string): Promise<SeenInstance | undefined> {
  const answer = await unlessMissing(() => aws.ec2.describeInstances({ InstanceIds: [id] }))
  const [found] = instancesIn(answer?.Reservations)
  return found === undefined ? undefined : describeInstance(found)
}

/** Waits until the machine runs. @throws StackError of kind `cloud` when it ended instead */
export async function running(context: AwsContext, id: string, signal: AbortSignal): Promise<SeenInstance> {
  return await until(
    async () => {
      const found = await findOne(context, id)
      if (found?.state === 'terminated' || found?.state === 'shutting-down') throw endedEarly(found)
      return found?.state === 'running' ? found : undefined
    },
    { ...context, signal },
  )
}

function endedEarly({ id, name }: SeenInstance): StackError {
  return new StackError('cloud', `${name}: the machine ${id} ended instead of running.`, {
    next: 'Look at its state reason (a disk key it may not use, no room), then run the same again.',
  })
}
