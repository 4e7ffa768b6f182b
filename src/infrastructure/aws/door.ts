import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import { describeRule, findGroups, removeRule, rulesOf, unlessDuplicate } from './groups.ts'
import { DOOR_PREFIX, fromAws, isOurs } from './tags.ts'
import { unlessMissing } from './wait.ts'

/** The runner's way in: rules for its address that stand as long as a run needs them. */
export interface Door {
  /** Opens it, if the stack has its groups and this run needs a way in; again is nothing. */
  open(signal: AbortSignal): Promise<void>
  /** Takes this run's name off its rules, and away the rules nobody is named on. */
  close(): Promise<void>
}

export type DoorContext = Pick<AwsContext, 'stack' | 'names' | 'aws' | 'settings' | 'network' | 'log' | 'now'> & {
  /** Tells this run from every other, also from another job of the same run. */
  key: string
  /** When this run has ended at the latest. */
  until: Date
}

/** A rule that another run closed at the very moment this one found it is opened again within this time. */
const WATCH_MS = 15_000

/**
 * Rules may be shared: two runs from one address have the same. Each run puts a tag of its own on the rule, and whoever
 * takes the last tag takes the rule; tags of runs that must have ended do not count.
 */
export function openableDoor(context: DoorContext): Door {
  let ranges: string[] | undefined
  let watching: NodeJS.Timeout | undefined

  const open = async (signal: AbortSignal) => {
    if (!needsDoor(context)) return
    ranges ??= await rangesOf(context, signal)
    await openRules(context, ranges, signal)
    watching ??= setInterval(() => {
      openRules(context, ranges ?? [], AbortSignal.timeout(WATCH_MS)).catch((thrown: unknown) =>
        context.log(`The way in could not be looked at: ${thrown instanceof Error ? thrown.message : String(thrown)}`),
      )
    }, WATCH_MS).unref()
  }
  return {
    open,
    async close() {
      clearInterval(watching)
      watching = undefined
      if (needsDoor(context)) await closeDoor(context, context.key)
    },
  }
}

/** Private addresses need no way in from outside, and neither does a private balancer. */
function needsDoor({ settings }: DoorContext): boolean {
  return settings.address === 'public' || settings.loadBalancerScheme === 'internet-facing'
}

async function rangesOf({ settings, network }: DoorContext, signal: AbortSignal): Promise<string[]> {
  if (settings.runnerCidrs !== 'auto') return settings.runnerCidrs
  const address = await network.ownAddress(signal)
  return [`${address}/${address.includes(':') ? 128 : 32}`]
}

type Wanted = { group: string; port: number; range: string }

/** Port 22 of the nodes, and 80 and 443 of a balancer that faces the internet: the proof goes through it. */
async function wantedRules(context: DoorContext, ranges: string[]): Promise<Wanted[]> {
  const { names, settings } = context
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, context.stack))
  const nodes = groups.find(({ name }) => name === names.nodesGroup)
  const balancer = groups.find(({ name }) => name === names.balancerGroup)
  const of = (group: { id: string } | undefined, ports: number[], from: string[]) =>
    group === undefined ? [] : from.flatMap((range) => ports.map((port) => ({ group: group.id, port, range })))
  const unlisted = ranges.filter((range) => !settings.allowedCidrs.includes(range))
  return [
    ...of(nodes, settings.address === 'public' ? [22] : [], ranges),
    ...of(balancer, settings.loadBalancerScheme === 'internet-facing' ? [80, 443] : [], unlisted),
  ]
}

async function openRules(context: DoorContext, ranges: string[], signal: AbortSignal): Promise<void> {
  const wanted = await wantedRules(context, ranges)
  await Promise.all(wanted.map((rule) => openRule(context, rule, signal)))
}

/** Until the rule stands with our tag on it: between finding and tagging, its last user may have taken it away. */
async function openRule(context: DoorContext, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const { aws, key, until } = context
  const tag = { Key: `${DOOR_PREFIX}${key}`, Value: until.toISOString() }
  for (;;) {
    signal.throwIfAborted()
    const there = await findRule(context, wanted)
    if (there?.doors.includes(tag.Key)) return
    if (there === undefined) await authorize(context, wanted, tag)
    else await unlessMissing(() => aws.ec2.createTags({ Resources: [there.id], Tags: [tag] }))
  }
}

async function authorize({ aws }: DoorContext, { group, port, range }: Wanted, tag: { Key: string; Value: string }) {
  const Description = 'rancher-ha: runs that are under way'
  const origin = range.includes(':')
    ? { Ipv6Ranges: [{ CidrIpv6: range, Description }] }
    : { IpRanges: [{ CidrIp: range, Description }] }
  await unlessDuplicate(() =>
    aws.ec2.authorizeSecurityGroupIngress({
      GroupId: group,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, ...origin }],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [tag] }],
    }),
  )
}

async function findRule(context: DoorContext, { group, port, range }: Wanted) {
  const rules = (await rulesOf(context, [group])).filter(({ IsEgress }) => IsEgress !== true)
  const key = `tcp/${port}-${port}/${range}`
  return rules.map(describeRule).find((rule) => rule.key === key)
}

/**
 * Takes one run's tag off all rules of the stack; a rule on which no other run is named goes. A rule without any tag
 * was never a door.
 */
export async function closeDoor(
  context: Pick<DoorContext, 'stack' | 'aws' | 'now'>,
  key: string | undefined,
): Promise<number> {
  const { aws, stack, now } = context
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, stack))
  const rules = (
    await rulesOf(
      context,
      groups.map(({ id }) => id),
    )
  ).filter(({ IsEgress }) => IsEgress !== true)
  let closed = 0
  for (const rule of rules) {
    const { SecurityGroupRuleId: id = '', GroupId: group = '' } = rule
    const doors = Object.entries(fromAws(rule.Tags)).filter(([tag]) => tag.startsWith(DOOR_PREFIX))
    const over = doors.filter(([tag, end]) => tag === `${DOOR_PREFIX}${key}` || hasEnded(end, now()))
    if (over.length === 0) continue
    await unlessGone(() => aws.ec2.deleteTags({ Resources: [id], Tags: over.map(([Key]) => ({ Key })) }))
    const [left] = (await rulesOf(context, [group])).filter(({ SecurityGroupRuleId }) => SecurityGroupRuleId === id)
    if (left === undefined || describeRule(left).doors.length > 0) continue
    await removeRule(context, group, id)
    closed += 1
  }
  return closed
}

/** An end that cannot be read is no end. */
function hasEnded(end: string, now: Date): boolean {
  return Date.parse(end) < now.getTime()
}

async function unlessGone(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (thrown) {
    if (!/NotFound|InvalidID/.test(awsCode(thrown) ?? '')) throw thrown
  }
}
