import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2'
import { StackError } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { Balancer } from './findings.ts'
import { fromAws, isOurs, type Tags, toAws } from './tags.ts'
import { unlessMissing, until } from './wait.ts'

const CROSS_ZONE = 'load_balancing.cross_zone.enabled'

/** The load balancer of this stack's name, whoever owns it; undefined when there is none. */
export async function findBalancer({ aws, names }: AwsContext): Promise<Balancer | undefined> {
  const balancer = await byName(aws, names.balancer)
  if (balancer?.LoadBalancerArn === undefined) return undefined
  const arn = balancer.LoadBalancerArn
  const found = await unlessMissing(async () => {
    const [attributes, listeners, tags] = await Promise.all([
      aws.elb.describeLoadBalancerAttributes({ LoadBalancerArn: arn }),
      aws.elb.describeListeners({ LoadBalancerArn: arn }),
      aws.elb.describeTags({ ResourceArns: [arn] }),
    ])
    return { attributes, listeners, tags }
  })
  if (found === undefined) return undefined
  const { Attributes } = found.attributes
  return {
    arn,
    dnsName: balancer.DNSName ?? '',
    zoneId: balancer.CanonicalHostedZoneId ?? '',
    state: balancer.State?.Code ?? '',
    scheme: balancer.Scheme ?? '',
    groups: balancer.SecurityGroups ?? [],
    crossZone: Attributes?.find(({ Key }) => Key === CROSS_ZONE)?.Value === 'true',
    tags: fromAws(found.tags.TagDescriptions?.[0]?.Tags),
    listeners: (found.listeners.Listeners ?? [])
      .map(({ ListenerArn = '', Port = 0, Protocol = '', DefaultActions }) => ({
        arn: ListenerArn,
        port: Port,
        protocol: String(Protocol),
        targetGroup: DefaultActions?.[0]?.TargetGroupArn,
      }))
      .sort((a, b) => a.port - b.port),
  }
}

async function byName(aws: AwsContext['aws'], name: string): Promise<LoadBalancer | undefined> {
  const answer = await unlessMissing(() => aws.elb.describeLoadBalancers({ Names: [name] }))
  return answer?.LoadBalancers?.[0]
}

/**
 * A network load balancer with a security group of its own, which it can never get later.
 *
 * @see AWS, "Security groups for your Network Load Balancer"
 */
export async function createBalancer(
  { aws, names, stack, pollMs }: AwsContext,
  {
    scheme,
    subnets,
    group,
    tags,
  }: { scheme: 'internal' | 'internet-facing'; subnets: string[]; group: string; tags: Tags },
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted()
  try {
    await aws.elb.createLoadBalancer({
      Name: names.balancer,
      Type: 'network',
      Scheme: scheme,
      Subnets: subnets,
      SecurityGroups: [group],
      Tags: toAws(tags),
    })
  } catch (thrown) {
    if (!/^DuplicateLoadBalancerName/.test(awsCode(thrown) ?? '')) throw thrown
  }
  const { LoadBalancerArn: arn = '' } = await until(() => byName(aws, names.balancer), { pollMs, signal })
  const { TagDescriptions } = await aws.elb.describeTags({ ResourceArns: [arn] })
  if (isOurs(fromAws(TagDescriptions?.[0]?.Tags), stack)) return arn
  throw new StackError('cloud', `Load balancer ${names.balancer} stands, but not with the tags of this stack.`, {
    next: 'Remove that load balancer if nobody needs it, or choose another name.',
  })
}

/** What a balancer can be told after it was made. */
export async function setBalancer(
  { aws }: AwsContext,
  { arn, group }: { arn: string; group: string },
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  await aws.elb.modifyLoadBalancerAttributes({
    LoadBalancerArn: arn,
    Attributes: [{ Key: CROSS_ZONE, Value: 'true' }],
  })
  signal.throwIfAborted()
  await aws.elb.setSecurityGroups({ LoadBalancerArn: arn, SecurityGroups: [group] })
}

/** A TCP listener that forwards to a target group: made, or set right. */
export async function setListener(
  context: AwsContext,
  { port, targetGroup, tags }: { port: number; targetGroup: string; tags: Tags },
  signal: AbortSignal,
): Promise<void> {
  const { aws, names, pollMs } = context
  const arn = (await until(() => byName(aws, names.balancer), { pollMs, signal })).LoadBalancerArn
  const wanted = {
    Port: port,
    Protocol: 'TCP' as const,
    DefaultActions: [{ Type: 'forward' as const, TargetGroupArn: targetGroup }],
  }
  const { Listeners } = await aws.elb.describeListeners({ LoadBalancerArn: arn })
  const there = Listeners?.find(({ Port }) => Port === port)
  signal.throwIfAborted()
  if (there !== undefined) {
    await aws.elb.modifyListener({ ListenerArn: there.ListenerArn, ...wanted })
    return
  }
  try {
    await aws.elb.createListener({ LoadBalancerArn: arn, ...wanted, Tags: toAws(tags) })
  } catch (thrown) {
    if (awsCode(thrown) !== 'DuplicateListener' && awsCode(thrown) !== 'DuplicateListenerException') throw thrown
  }
}

export async function removeListener({ aws }: AwsContext, arn: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await unlessMissing(() => aws.elb.deleteListener({ ListenerArn: arn }))
}

/** The balancer with its listeners; its addresses are given back later. */
export async function removeBalancer(
  { aws, names, pollMs }: AwsContext,
  arn: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  await unlessMissing(() => aws.elb.deleteLoadBalancer({ LoadBalancerArn: arn }))
  const isGone = async () => ((await byName(aws, names.balancer))?.LoadBalancerArn === arn ? undefined : true)
  await until(isGone, { pollMs, signal })
}
