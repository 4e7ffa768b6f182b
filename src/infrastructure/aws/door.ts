import type { AwsContext, Door } from './context.ts'
import { awsCode } from './errors.ts'
import type { GroupRule } from './findings.ts'
import { describeRule, findGroups, removeRule, rulesOf, unlessDuplicate } from './groups.ts'
import { DOOR_PREFIX, isOurs, TAGS, toAws } from './tags.ts'

export type DoorContext = Pick<AwsContext, 'stack' | 'names' | 'aws' | 'settings' | 'network' | 'log' | 'now'> & {
  /** Tells this run from every other, also from another job of the same run. */
  key: string
  /** When this run has ended at the latest. */
  until: Date
}

/** What tells a run's door from every other's, also from another job's of the same run. */
export function doorKey({ id, attempt }: AwsContext['run'], session: string): string {
  return `${id}-${attempt}-${session.slice(0, 8)}`
}

/** The run a door's key is of, as tags name runs ("41/1"); undefined for a key of another form. */
export function runOfDoor(key: string): string | undefined {
  const [, id, attempt] = /^(\d+|local-\d+)-(\d+)-/.exec(key) ?? []
  return id === undefined ? undefined : `${id}/${attempt}`
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

  const watch = async () => {
    try {
      await openRules(context, ranges ?? [], AbortSignal.timeout(WATCH_MS))
    } catch (thrown) {
      context.log(`The way in could not be looked at: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
  return {
    async open(signal) {
      if (!needsDoor(context) || watching !== undefined) return
      ranges ??= await rangesOf(context, signal)
      const opened = await openRules(context, ranges, signal)
      if (opened > 0) watching ??= setInterval(() => void watch(), WATCH_MS).unref()
    },
    async close() {
      if (watching === undefined) return
      clearInterval(watching)
      watching = undefined
      await closeDoor(context, [context.key])
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

type Wanted = { group: string; port: number; range: string; there: GroupRule | undefined }

/** Port 22 of the nodes, and 80 and 443 of a balancer that faces the internet: the proof goes through it. */
async function wantedRules(context: DoorContext, ranges: string[]): Promise<Wanted[]> {
  const { names, settings } = context
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, context.stack))
  const of = (name: string, ports: number[], from: string[]) =>
    groups
      .filter((group) => group.name === name)
      .flatMap(({ id: group, rules }) =>
        from.flatMap((range) =>
          ports.map((port) => ({ group, port, range, there: rules.find(({ key }) => key === keyOf(port, range)) })),
        ),
      )
  const unlisted = ranges.filter((range) => !settings.allowedCidrs.includes(range))
  return [
    ...of(names.nodesGroup, settings.address === 'public' ? [22] : [], ranges),
    ...of(names.balancerGroup, settings.loadBalancerScheme === 'internet-facing' ? [80, 443] : [], unlisted),
  ]
}

function keyOf(port: number, range: string): string {
  return `tcp/${port}-${port}/${range}`
}

/** @returns how many rules there are to open */
async function openRules(context: DoorContext, ranges: string[], signal: AbortSignal): Promise<number> {
  const wanted = await wantedRules(context, ranges)
  await Promise.all(wanted.map((rule) => openRule(context, rule, signal)))
  return wanted.length
}

/** Until the rule stands with our tag on it: between finding and tagging, its last user may have taken it away. */
async function openRule(context: DoorContext, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const tag = { Key: `${DOOR_PREFIX}${context.key}`, Value: context.until.toISOString() }
  let { there } = wanted
  for (;;) {
    signal.throwIfAborted()
    if (there !== undefined && tag.Key in there.doors) return
    if (there === undefined && (await authorize(context, wanted, tag))) return
    if (there !== undefined) await tagRule(context, there.id, tag)
    there = await findRule(context, wanted)
  }
}

async function tagRule({ aws }: DoorContext, rule: string, tag: { Key: string; Value: string }): Promise<void> {
  await unlessGone(() => aws.ec2.createTags({ Resources: [rule], Tags: [tag] }))
}

/** @returns whether the rule is new, and so has our tag from its beginning */
async function authorize(
  { aws, stack }: DoorContext,
  { group, port, range }: Wanted,
  tag: { Key: string; Value: string },
) {
  const Description = 'rancher-ha: runs that are under way'
  // Another run may tag only what carries the owner.
  const owner = toAws({ [TAGS.stack]: stack.name, [TAGS.owner]: stack.owner })
  const origin = range.includes(':')
    ? { Ipv6Ranges: [{ CidrIpv6: range, Description }] }
    : { IpRanges: [{ CidrIp: range, Description }] }
  const made = await unlessDuplicate(() =>
    aws.ec2.authorizeSecurityGroupIngress({
      GroupId: group,
      IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, ...origin }],
      TagSpecifications: [{ ResourceType: 'security-group-rule', Tags: [...owner, tag] }],
    }),
  )
  return made !== undefined
}

async function findRule(context: DoorContext, { group, port, range }: Wanted): Promise<GroupRule | undefined> {
  const rules = (await rulesOf(context, [group])).filter(({ IsEgress }) => IsEgress !== true)
  return rules.map(describeRule).find(({ key }) => key === keyOf(port, range))
}

/**
 * Takes the tags of some runs, and those of runs that must have ended, off all rules of the stack; a rule on which no
 * other run is named goes. A rule without any tag was never a door.
 *
 * @param keys of the runs
 * @returns how many rules went
 */
export async function closeDoor(context: Pick<DoorContext, 'stack' | 'aws' | 'now'>, keys: string[]): Promise<number> {
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, context.stack))
  let closed = 0
  for (const { id: group, rules } of groups) {
    for (const rule of rules) if (await closeRule(context, group, rule, keys)) closed += 1
  }
  return closed
}

async function closeRule(
  context: Pick<DoorContext, 'aws' | 'now'>,
  group: string,
  { id, doors }: GroupRule,
  keys: string[],
): Promise<boolean> {
  const all = Object.keys(doors)
  const isTheirs = (tag: string) => keys.includes(tag.slice(DOOR_PREFIX.length))
  const over = all.filter((tag) => isTheirs(tag) || hasEnded(doors[tag] ?? '', context.now()))
  if (over.length === 0) return false
  if (over.length < all.length) {
    const Tags = over.map((Key) => ({ Key }))
    await unlessGone(() => context.aws.ec2.deleteTags({ Resources: [id], Tags }))
    // Two runs that close at once each leave the rule to the other.
    const [left] = (await rulesOf(context, [group])).filter((rule) => rule.SecurityGroupRuleId === id)
    if (left === undefined || Object.keys(describeRule(left).doors).length > 0) return false
  }
  await removeRule(context, group, id)
  return true
}

/** An end that cannot be read is no end. */
export function hasEnded(end: string, now: Date): boolean {
  return Date.parse(end) < now.getTime()
}

async function unlessGone(act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (thrown) {
    if (!/NotFound|InvalidID/.test(awsCode(thrown) ?? '')) throw thrown
  }
}
