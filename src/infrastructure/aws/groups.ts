import type { Filter, SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2'
import { StackError } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { Group, GroupRule } from './findings.ts'
import type { Rule } from './ports.ts'
import { DOOR_PREFIX, fromAws, isOurs, stackFilter, type Tags, toAws } from './tags.ts'
import { unlessMissing, until } from './wait.ts'

export type GroupName = 'nodes' | 'balancer'

/** Every security group that carries the stack's name, with its rules for what comes in; of any owner. */
export async function findGroups({
  aws,
  stack,
}: Pick<AwsContext, 'aws' | 'stack'>): Promise<(Group & { name: string })[]> {
  return await describeGroups({ aws }, stackFilter(stack.name))
}

export async function describeGroups(
  { aws }: Pick<AwsContext, 'aws'>,
  Filters: Filter[],
): Promise<(Group & { name: string })[]> {
  const { SecurityGroups } = await aws.ec2.describeSecurityGroups({ Filters })
  const groups = SecurityGroups ?? []
  const rules = await rulesOf(
    { aws },
    groups.map(({ GroupId = '' }) => GroupId),
  )
  return groups.map((group) => describe(group, rules))
}

function describe({ GroupId = '', GroupName = '', VpcId = '', Tags }: SecurityGroup, rules: SecurityGroupRule[]) {
  const own = rules.filter((rule) => rule.GroupId === GroupId && rule.IsEgress !== true)
  return { id: GroupId, name: GroupName, vpc: VpcId, tags: fromAws(Tags), rules: own.map(describeRule) }
}

export function describeRule(rule: SecurityGroupRule): GroupRule {
  const { SecurityGroupRuleId: id = '', IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, ReferencedGroupInfo } = rule
  const source = CidrIpv4 ?? CidrIpv6 ?? ReferencedGroupInfo?.GroupId
  const key = source === undefined ? id : `${IpProtocol}/${FromPort}-${ToPort}/${source}`
  const doors = Object.entries(fromAws(rule.Tags)).filter(([tag]) => tag.startsWith(DOOR_PREFIX))
  return { id, key, doors: Object.fromEntries(doors) }
}

export async function rulesOf({ aws }: Pick<AwsContext, 'aws'>, groups: string[]): Promise<SecurityGroupRule[]> {
  if (groups.length === 0) return []
  const rules: SecurityGroupRule[] = []
  let NextToken: string | undefined
  do {
    const answer = await aws.ec2.describeSecurityGroupRules({
      Filters: [{ Name: 'group-id', Values: groups }],
      ...(NextToken !== undefined && { NextToken }),
    })
    rules.push(...(answer.SecurityGroupRules ?? []))
    NextToken = answer.NextToken
  } while (NextToken)
  return rules
}

/** The group, made if it is not there. A group of the same name without our tags is somebody else's. */
export async function ensureGroup(
  { aws, names, stack, pollMs }: AwsContext,
  { group, vpc, tags }: { group: GroupName; vpc: string; tags: Tags },
  signal: AbortSignal,
): Promise<string> {
  const GroupName = group === 'nodes' ? names.nodesGroup : names.balancerGroup
  const Description = `${group === 'nodes' ? 'Nodes' : 'Load balancer'} of Rancher stack ${stack.name}`
  const Tags = toAws({ ...tags, Name: GroupName })
  signal.throwIfAborted()
  try {
    const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags }]
    const made = await aws.ec2.createSecurityGroup({ GroupName, Description, VpcId: vpc, TagSpecifications })
    return made.GroupId ?? ''
  } catch (thrown) {
    if (awsCode(thrown) !== 'InvalidGroup.Duplicate') throw thrown
  }
  const found = await until(() => findByName({ aws }, GroupName, vpc), { pollMs, signal })
  if (isOurs(fromAws(found.Tags), stack)) return found.GroupId ?? ''
  throw new StackError('cloud', `Security group ${GroupName} stands, but not with the tags of this stack.`, {
    next: 'Remove that group if nobody needs it, or choose another name.',
  })
}

export async function findByName(
  { aws }: Pick<AwsContext, 'aws'>,
  name: string,
  vpc?: string,
): Promise<SecurityGroup | undefined> {
  const Filters = [{ Name: 'group-name', Values: [name] }]
  if (vpc !== undefined) Filters.push({ Name: 'vpc-id', Values: [vpc] })
  const answer = await unlessMissing(() => aws.ec2.describeSecurityGroups({ Filters }))
  return answer?.SecurityGroups?.[0]
}

/** Lets in what is missing and no longer lets in what is too much; rules that are there already, or gone, are right. */
export async function setRules(
  { aws }: AwsContext,
  { group, add, remove }: { group: string; add: (Omit<Rule, 'source'> & { source: string })[]; remove: string[] },
  signal: AbortSignal,
): Promise<void> {
  for (const { protocol, from, to, source, why } of add) {
    signal.throwIfAborted()
    const range = { IpProtocol: protocol, FromPort: from, ToPort: to }
    const origin = source.startsWith('sg-')
      ? { UserIdGroupPairs: [{ GroupId: source, Description: why }] }
      : source.includes(':')
        ? { Ipv6Ranges: [{ CidrIpv6: source, Description: why }] }
        : { IpRanges: [{ CidrIp: source, Description: why }] }
    await unlessDuplicate(() =>
      aws.ec2.authorizeSecurityGroupIngress({ GroupId: group, IpPermissions: [{ ...range, ...origin }] }),
    )
  }
  for (const rule of remove) {
    signal.throwIfAborted()
    await removeRule({ aws }, group, rule)
  }
}

/** One at a time: a call for several does nothing at all when one of them is gone. */
export async function removeRule({ aws }: Pick<AwsContext, 'aws'>, group: string, rule: string): Promise<void> {
  await unlessMissing(() => aws.ec2.revokeSecurityGroupIngress({ GroupId: group, SecurityGroupRuleIds: [rule] }))
}

/** What an act gives; undefined when what it makes is there already. */
export async function unlessDuplicate<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (thrown) {
    if (/Duplicate/.test(awsCode(thrown) ?? '')) return undefined
    throw thrown
  }
}

/**
 * Removes a group once nothing uses it any more: the addresses of a load balancer or a machine that ended are given
 * back minutes later, and only then may the group go.
 */
export async function removeGroup(context: AwsContext, id: string, signal: AbortSignal): Promise<void> {
  const { aws, pollMs, log } = context
  let told = ''
  await until(
    async () => {
      try {
        await revokeAll(context, id)
        await aws.ec2.deleteSecurityGroup({ GroupId: id })
        return true
      } catch (thrown) {
        const code = awsCode(thrown) ?? ''
        if (/NotFound/.test(code)) return true
        if (!/DependencyViolation|\.InUse|InvalidGroup\.Reserved/.test(code)) throw thrown
        const users = await usersOf(context, id)
        if (users !== told) log(`${id} waits for ${users}`)
        told = users
        return undefined
      }
    },
    { pollMs, signal },
  )
}

/** A group that another of the stack lets in is kept by that rule: its own rules and those that name it go first. */
async function revokeAll(context: AwsContext, group: string): Promise<void> {
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, context.stack))
  const rules = await rulesOf(
    context,
    groups.map(({ id }) => id),
  )
  const incoming = rules.filter(({ IsEgress }) => IsEgress !== true)
  const keeping = incoming.filter((rule) => rule.GroupId === group || rule.ReferencedGroupInfo?.GroupId === group)
  for (const { GroupId = '', SecurityGroupRuleId = '' } of keeping) {
    await removeRule(context, GroupId, SecurityGroupRuleId)
  }
}

async function usersOf({ aws }: AwsContext, group: string): Promise<string> {
  const { NetworkInterfaces } = await aws.ec2.describeNetworkInterfaces({
    Filters: [{ Name: 'group-id', Values: [group] }],
  })
  const users = (NetworkInterfaces ?? []).map(
    ({ NetworkInterfaceId, Attachment, Description }) =>
      `${NetworkInterfaceId} (${Attachment?.InstanceId ?? (Description || 'no machine')})`,
  )
  return users.length === 0 ? 'rules of other groups that name it' : users.join(', ')
}
