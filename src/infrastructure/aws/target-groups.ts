import type { TargetGroup as AwsTargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2'
import { StackError } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { TargetGroup } from './findings.ts'
import type { Port } from './names.ts'
import { fromAws, isOurs, type Tags, toAws } from './tags.ts'
import { unlessMissing, until } from './wait.ts'

const PORTS: Port[] = [80, 443, 6443]

/**
 * Looked at every 10 s, well after three answers, lost after three without one; 80 and 443 are judged by a TCP
 * connection to port 80.
 *
 * @see Rancher, "Setting up Amazon ELB Network Load Balancer": target groups
 */
export function healthCheckOf(port: Port) {
  return {
    HealthCheckProtocol: 'TCP' as const,
    HealthCheckPort: port === 443 ? '80' : 'traffic-port',
    HealthCheckIntervalSeconds: 10,
    HealthCheckTimeoutSeconds: 6,
    HealthyThresholdCount: 3,
    UnhealthyThresholdCount: 3,
  }
}

/**
 * A node that asks Rancher by its name may be sent back to itself, which fails while its own address is kept as the
 * sender's; connections to a node that leaves are ended, so that clients come again to one that stays.
 *
 * @see AWS, "Troubleshoot your Network Load Balancer": requests time out from a target to its load balancer
 */
const ATTRIBUTES = {
  'preserve_client_ip.enabled': 'false',
  'deregistration_delay.timeout_seconds': '30',
  'deregistration_delay.connection_termination.enabled': 'true',
}

/**
 * The target groups of this stack, by port. Those of equal names without our tags are not among them.
 *
 * @param balancer ours, if it is known: what it forwards to is ours and need not be asked for its tags
 */
export async function findTargetGroups(context: AwsContext, balancer?: string): Promise<TargetGroup[]> {
  const { aws, names } = context
  const ports = new Map(PORTS.map((port) => [names.targetGroup(port), port]))
  const named = (await listAll(aws)).filter(({ TargetGroupName = '' }) => ports.has(TargetGroupName))
  const isForwarded = ({ LoadBalancerArns }: AwsTargetGroup) =>
    balancer !== undefined && LoadBalancerArns?.includes(balancer) === true
  const unknown = named.filter((group) => !isForwarded(group))
  const ours = new Set([...named.filter(isForwarded), ...(await withOurTags(context, unknown))])
  const found = await Promise.all(
    named
      .filter((group) => ours.has(group))
      .map((group) => describe(aws, group, ports.get(group.TargetGroupName ?? '') ?? 80)),
  )
  return found.filter((group) => group !== undefined).sort((a, b) => a.port - b.port)
}

async function withOurTags({ aws, stack }: AwsContext, groups: AwsTargetGroup[]): Promise<AwsTargetGroup[]> {
  if (groups.length === 0) return []
  const ResourceArns = groups.map(({ TargetGroupArn = '' }) => TargetGroupArn)
  const answer = await unlessMissing(() => aws.elb.describeTags({ ResourceArns }))
  const tags = new Map((answer?.TagDescriptions ?? []).map(({ ResourceArn, Tags }) => [ResourceArn, fromAws(Tags)]))
  return groups.filter(({ TargetGroupArn }) => isOurs(tags.get(TargetGroupArn) ?? {}, stack))
}

async function listAll(aws: AwsContext['aws']): Promise<AwsTargetGroup[]> {
  const all: AwsTargetGroup[] = []
  let Marker: string | undefined
  do {
    const answer = await aws.elb.describeTargetGroups({ ...(Marker !== undefined && { Marker }) })
    all.push(...(answer.TargetGroups ?? []))
    Marker = answer.NextMarker
  } while (Marker)
  return all
}

async function describe(aws: AwsContext['aws'], group: AwsTargetGroup, port: Port): Promise<TargetGroup | undefined> {
  const { TargetGroupArn: arn = '', VpcId: vpc = '' } = group
  return await unlessMissing(async () => {
    const [{ Attributes }, { TargetHealthDescriptions }] = await Promise.all([
      aws.elb.describeTargetGroupAttributes({ TargetGroupArn: arn }),
      aws.elb.describeTargetHealth({ TargetGroupArn: arn }),
    ])
    const values = new Map((Attributes ?? []).map(({ Key, Value }) => [Key, Value]))
    const check = Object.entries(healthCheckOf(port))
    return {
      port,
      arn,
      vpc,
      checked: check.every(([key, value]) => String(group[key as keyof AwsTargetGroup]) === String(value)),
      attributed: Object.entries(ATTRIBUTES).every(([key, value]) => values.get(key) === value),
      targets: (TargetHealthDescriptions ?? [])
        .map(({ Target, TargetHealth }) => ({ id: Target?.Id ?? '', health: String(TargetHealth?.State ?? '') }))
        .filter(({ health }) => health !== 'draining')
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    }
  })
}

/** A target group with its health checks and attributes: made, or set right. @returns its ARN */
export async function setTargetGroup(
  context: AwsContext,
  { port, vpc, tags }: { port: Port; vpc: string; tags: Tags },
  signal: AbortSignal,
): Promise<string> {
  const { aws } = context
  signal.throwIfAborted()
  const arn = await ensureTargetGroup(context, { port, vpc, tags }, signal)
  signal.throwIfAborted()
  await aws.elb.modifyTargetGroup({ TargetGroupArn: arn, ...healthCheckOf(port) })
  signal.throwIfAborted()
  await aws.elb.modifyTargetGroupAttributes({
    TargetGroupArn: arn,
    Attributes: Object.entries(ATTRIBUTES).map(([Key, Value]) => ({ Key, Value })),
  })
  return arn
}

async function ensureTargetGroup(
  { aws, names, stack, pollMs }: AwsContext,
  { port, vpc, tags }: { port: Port; vpc: string; tags: Tags },
  signal: AbortSignal,
): Promise<string> {
  const Name = names.targetGroup(port)
  const wanted = { Name, Protocol: 'TCP' as const, Port: port, VpcId: vpc, TargetType: 'instance' as const }
  try {
    const made = await aws.elb.createTargetGroup({ ...wanted, ...healthCheckOf(port), Tags: toAws(tags) })
    const arn = made.TargetGroups?.[0]?.TargetGroupArn
    if (arn !== undefined) return arn
  } catch (thrown) {
    if (!/^DuplicateTargetGroupName/.test(awsCode(thrown) ?? '')) throw thrown
  }
  const arn = await until(() => arnOf({ aws, names }, port), { pollMs, signal })
  const { TagDescriptions } = await aws.elb.describeTags({ ResourceArns: [arn] })
  if (isOurs(fromAws(TagDescriptions?.[0]?.Tags), stack)) return arn
  throw new StackError('cloud', `Target group ${Name} stands, but not with the tags of this stack.`, {
    next: 'Remove that target group if nobody needs it, or choose another name.',
  })
}

export async function arnOf(
  { aws, names }: Pick<AwsContext, 'aws' | 'names'>,
  port: Port,
): Promise<string | undefined> {
  const answer = await unlessMissing(() => aws.elb.describeTargetGroups({ Names: [names.targetGroup(port)] }))
  return answer?.TargetGroups?.[0]?.TargetGroupArn
}

/** Lets the balancer forward a port to these machines and no others. */
export async function setTargets(
  { aws }: AwsContext,
  { arn, add, remove }: { arn: string; add: string[]; remove: string[] },
  signal: AbortSignal,
): Promise<void> {
  const targets = (ids: string[]) => ({ TargetGroupArn: arn, Targets: ids.map((Id) => ({ Id })) })
  signal.throwIfAborted()
  if (add.length > 0) await aws.elb.registerTargets(targets(add))
  signal.throwIfAborted()
  if (remove.length > 0) await aws.elb.deregisterTargets(targets(remove))
}

/** Gone once no listener names it any more. */
export async function removeTargetGroup({ aws, pollMs }: AwsContext, arn: string, signal: AbortSignal): Promise<void> {
  await until(
    async () => {
      try {
        await unlessMissing(() => aws.elb.deleteTargetGroup({ TargetGroupArn: arn }))
        return true
      } catch (thrown) {
        if (!/^ResourceInUse/.test(awsCode(thrown) ?? '')) throw thrown
        return undefined
      }
    },
    { pollMs, signal },
  )
}
