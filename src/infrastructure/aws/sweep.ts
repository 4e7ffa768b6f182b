import type { StackId } from '../../node.ts'
import type { Change } from '../../steps.ts'
import { leaveNothing } from '../leave-nothing.ts'
import type { Leftover, Sweeper } from '../sweeper.ts'
import { type AwsOptions, awsInfrastructure, openContext } from './aws.ts'
import { isStale } from './claim.ts'
import type { AwsContext } from './context.ts'
import { closeDoor, hasEnded } from './door.ts'
import type { Group } from './findings.ts'
import { describeGroups } from './groups.ts'
import { namesOf } from './names.ts'
import type { AwsRunSettings } from './settings.ts'
import { TAGS } from './tags.ts'
import { unlessMissing } from './wait.ts'

/** After this a run that made something is over: a job may take six hours on hosted runners, 24 on others with a session. */
const OVER_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

type SweepChange =
  | { kind: 'sweep-stack'; stack: StackId }
  | { kind: 'sweep-door'; stack: StackId }
  | { kind: 'sweep-claim'; stack: StackId; group: string }

/** Sweeps one account and region for one owner. */
export async function awsSweeper(settings: AwsRunSettings, options: AwsOptions = {}): Promise<Sweeper> {
  const context = await openContext({ ...settings, ssh: { privateKeys: [] } }, options)
  return {
    find: () => find(context),
    remove: (change, signal) => remove(settings, options, context, change as SweepChange & Change, signal),
  }
}

type Seen = Group & { name: string }

async function find(context: AwsContext): Promise<{ leftovers: Leftover[]; left: string[] }> {
  const { owner } = context.stack
  const groups = await describeGroups(context, [{ Name: `tag:${TAGS.owner}`, Values: [owner] }])
  const stacks = Map.groupBy(groups, ({ tags }) => tags[TAGS.stack] ?? '')
  const judged = [...stacks].map(([name, members]) => judgeStack(name, members, context))
  return { leftovers: judged.flatMap(({ leftovers }) => leftovers), left: judged.flatMap(({ left }) => left) }
}

/**
 * Pure: what of a stack may go. A stack goes when it carries an end that has passed, or when it never had a cluster and
 * the run that made it must be over; one that a run has claimed stays whatever it carries.
 */
export function judgeStack(
  name: string,
  groups: Seen[],
  { settings, stack: { owner }, run, now }: Pick<AwsContext, 'settings' | 'stack' | 'run' | 'now'>,
): { leftovers: Leftover[]; left: string[] } {
  const at = now()
  const names = namesOf({ name, owner }, settings.region)
  const of = (wanted: string) => groups.find((group) => group.name === wanted)
  const [nodes, claim] = [of(names.nodesGroup) ?? of(names.balancerGroup), of(names.claimGroup)]
  const ownerName = groups[0]?.tags[TAGS.ownerName] ?? owner
  const stack = { name, owner, ownerName }
  const base = { ageMs: ageOf(nodes ?? claim, at), deadlineMs: 30 * MINUTE_MS }
  const leftover = (what: string, reason: string, change: SweepChange): Leftover => ({
    ...base,
    what,
    reason,
    change: { room: 'infrastructure', ...change },
  })

  if (claim !== undefined && !isStale(claim.tags, { run, now })) {
    return { leftovers: [], left: [`stack ${name}: run ${claim.tags[TAGS.holder]} changes it now`] }
  }
  const leftovers: Leftover[] = []
  if (claim !== undefined) {
    const reason = `the claim of run ${claim.tags[TAGS.holder]} was not renewed`
    leftovers.push(leftover(`claim of stack ${name}`, reason, { kind: 'sweep-claim', stack, group: claim.id }))
  }
  const reason = nodes && reasonFor(nodes, at)
  if (reason !== undefined)
    return { leftovers: [...leftovers, leftover(`stack ${name}`, reason, { kind: 'sweep-stack', stack })], left: [] }
  const ends = groups.flatMap(({ rules }) => rules.flatMap(({ doors }) => Object.values(doors)))
  if (ends.some((end) => hasEnded(end, at))) {
    leftovers.push(leftover(`door of stack ${name}`, 'its run must be over', { kind: 'sweep-door', stack }))
  }
  return { leftovers, left: nodes === undefined ? [] : [`stack ${name}: ${whyNot(nodes)}`] }
}

function reasonFor(nodes: Seen, at: Date): string | undefined {
  const { [TAGS.expires]: expires, [TAGS.cluster]: cluster, [TAGS.run]: run } = nodes.tags
  if (expires !== undefined && hasEnded(expires, at)) return `expired at ${expires}`
  if (cluster === undefined && ageOf(nodes, at) > OVER_MS) return `run ${run} left it half-made, without a cluster`
  return undefined
}

function whyNot({ tags }: Seen): string {
  if (tags[TAGS.expires] !== undefined) return `expires at ${tags[TAGS.expires]}`
  return tags[TAGS.cluster] === undefined ? `being made since ${tags[TAGS.created]}` : 'protected, it has no ttl'
}

/** What does not say when it was made is as young as can be. */
function ageOf(group: Seen | undefined, at: Date): number {
  const created = Date.parse(group?.tags[TAGS.created] ?? '')
  return Number.isNaN(created) ? 0 : Math.max(0, at.getTime() - created)
}

async function remove(
  settings: AwsRunSettings,
  options: AwsOptions,
  { aws, now }: AwsContext,
  change: SweepChange & Change,
  signal: AbortSignal,
): Promise<void> {
  const { stack } = change
  signal.throwIfAborted()
  if (change.kind === 'sweep-door') {
    await closeDoor({ aws, stack, now }, undefined)
    return
  }
  if (change.kind === 'sweep-claim') {
    await unlessMissing(() => aws.ec2.deleteSecurityGroup({ GroupId: change.group }))
    return
  }
  await removeStack({ ...settings, stack, ssh: { privateKeys: [] } }, options, signal)
}

/** Under the claim, and judged once more: it may have been given more time since. */
async function removeStack(settings: AwsRunSettings, options: AwsOptions, signal: AbortSignal): Promise<void> {
  const infrastructure = await awsInfrastructure(settings, { ...options, asked: undefined })
  await using claim = await infrastructure.claim(0)
  const context = await openContext(settings, options)
  const groups = await describeGroups(context, [{ Name: `tag:${TAGS.stack}`, Values: [settings.stack.name] }])
  const own = groups.filter(
    ({ tags, name }) => tags[TAGS.owner] === settings.stack.owner && name !== context.names.claimGroup,
  )
  if (!judgeStack(settings.stack.name, own, context).leftovers.some(({ change }) => change.kind === 'sweep-stack'))
    return
  await leaveNothing(infrastructure, claim, signal)
}
