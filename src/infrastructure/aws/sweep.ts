import type { StackId } from '../../node.ts'
import type { Change } from '../../steps.ts'
import { leaveNothing } from '../leave-nothing.ts'
import type { Leftover, Sweeper } from '../sweeper.ts'
import { type AwsOptions, awsInfrastructure, openContext } from './aws.ts'
import { isStale } from './claim.ts'
import type { AwsContext } from './context.ts'
import { closeDoor, hasEnded, runOfDoor } from './door.ts'
import type { Group } from './findings.ts'
import { describeGroups } from './groups.ts'
import { namesOf } from './names.ts'
import type { AwsRunSettings } from './settings.ts'
import { DOOR_PREFIX, TAGS } from './tags.ts'
import { unlessMissing } from './wait.ts'

/** After this a run that made something is over: a job may take six hours on hosted runners, 24 on others with a session. */
const OVER_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

type SweepChange =
  | { kind: 'sweep-stack'; stack: StackId }
  | { kind: 'sweep-door'; stack: StackId; keys: string[] }
  | { kind: 'sweep-claim'; stack: StackId; group: string }

/** @returns whether a run ("41/1": id and attempt) has ended; undefined when nobody can tell */
export type AskRun = (run: string) => Promise<boolean | undefined>

/** Sweeps one account and region for one owner. */
export async function awsSweeper(
  settings: AwsRunSettings,
  { isOver = async () => undefined, ...options }: AwsOptions & { isOver?: AskRun } = {},
): Promise<Sweeper> {
  const context = await openContext({ ...settings, ssh: { privateKeys: [] } }, options)
  return {
    find: () => find(context, isOver),
    remove: (change, signal) => remove({ settings, options, context, isOver }, change as SweepChange & Change, signal),
  }
}

type Seen = Group & { name: string }

async function find(context: AwsContext, isOver: AskRun): Promise<{ leftovers: Leftover[]; left: string[] }> {
  const { owner } = context.stack
  const groups = await describeGroups(context, [{ Name: `tag:${TAGS.owner}`, Values: [owner] }])
  const over = await askRuns(groups, isOver)
  const stacks = Map.groupBy(groups, ({ tags }) => tags[TAGS.stack] ?? '')
  const judged = [...stacks].map(([name, members]) => judgeStack(name, members, { ...context, over }))
  return { leftovers: judged.flatMap(({ leftovers }) => leftovers), left: judged.flatMap(({ left }) => left) }
}

/** Of all runs that are named on what stands, those that are known to have ended. */
async function askRuns(groups: Seen[], isOver: AskRun): Promise<Set<string>> {
  const halfMade = groups.filter(({ tags }) => tags[TAGS.cluster] === undefined)
  const named = [
    ...halfMade.map(({ tags }) => tags[TAGS.run]),
    ...groups.map(({ tags }) => tags[TAGS.holder]),
    ...groups.flatMap(({ rules }) => rules.flatMap(({ doors }) => Object.keys(doors).map(runOfTag))),
  ]
  const over = new Set<string>()
  for (const run of new Set(named)) if (run !== undefined && (await isOver(run)) === true) over.add(run)
  return over
}

const runOfTag = (tag: string) => runOfDoor(tag.slice(DOOR_PREFIX.length))

type JudgeContext = Pick<AwsContext, 'settings' | 'stack' | 'run' | 'now'> & {
  /** Runs that are known to have ended. */
  over: Set<string>
}

/**
 * Pure: what of a stack may go. A stack goes when it carries an end that has passed, or when it never had a cluster and
 * the run that made it is over, or must be; one that a run has claimed, or has its door open to, stays half-made.
 */
export function judgeStack(
  name: string,
  groups: Seen[],
  { settings, stack: { owner }, run, now, over }: JudgeContext,
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

  const holder = claim?.tags[TAGS.holder] ?? ''
  if (claim !== undefined && !over.has(holder) && !isStale(claim.tags, { run, now })) {
    return { leftovers: [], left: [`stack ${name}: run ${holder} changes it now`] }
  }
  const leftovers: Leftover[] = []
  if (claim !== undefined) {
    const reason = `the claim of run ${holder} was ${over.has(holder) ? 'left when it ended' : 'not renewed'}`
    leftovers.push(leftover(`claim of stack ${name}`, reason, { kind: 'sweep-claim', stack, group: claim.id }))
  }
  const doors = groups.flatMap(({ rules }) => rules.flatMap((rule) => Object.entries(rule.doors)))
  const isClosed = ([tag, end]: [string, string]) => hasEnded(end, at) || over.has(runOfTag(tag) ?? '')
  const open = doors.find((door) => !isClosed(door))
  const reason = nodes && reasonFor(nodes, at, { over, inUse: open !== undefined })
  if (reason !== undefined)
    return { leftovers: [...leftovers, leftover(`stack ${name}`, reason, { kind: 'sweep-stack', stack })], left: [] }
  const ended = doors.filter(isClosed).map(([tag]) => tag.slice(DOOR_PREFIX.length))
  if (ended.length > 0) {
    const change: SweepChange = { kind: 'sweep-door', stack, keys: [...new Set(ended)] }
    leftovers.push(leftover(`door of stack ${name}`, 'its run is over, or must be', change))
  }
  return { leftovers, left: nodes === undefined ? [] : [`stack ${name}: ${whyNot(nodes)}`] }
}

function reasonFor(nodes: Seen, at: Date, { over, inUse }: { over: Set<string>; inUse: boolean }): string | undefined {
  const { [TAGS.expires]: expires, [TAGS.cluster]: cluster, [TAGS.run]: run } = nodes.tags
  if (expires !== undefined && hasEnded(expires, at)) return `expired at ${expires}`
  if (cluster !== undefined) return undefined
  const isOver = ageOf(nodes, at) > OVER_MS || (over.has(run ?? '') && !inUse)
  return isOver ? `run ${run} left it half-made, without a cluster` : undefined
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

type Sweeping = { settings: AwsRunSettings; options: AwsOptions; context: AwsContext; isOver: AskRun }

async function remove(sweeping: Sweeping, change: SweepChange & Change, signal: AbortSignal): Promise<void> {
  const { aws, now } = sweeping.context
  const { stack } = change
  signal.throwIfAborted()
  if (change.kind === 'sweep-door') {
    await closeDoor({ aws, stack, now }, change.keys)
    return
  }
  if (change.kind === 'sweep-claim') {
    await unlessMissing(() => aws.ec2.deleteSecurityGroup({ GroupId: change.group }))
    return
  }
  await removeStack({ ...sweeping, settings: { ...sweeping.settings, stack, ssh: { privateKeys: [] } } }, signal)
}

/** Under the claim, and judged once more: it may have been given more time since. */
async function removeStack({ settings, options, isOver }: Sweeping, signal: AbortSignal): Promise<void> {
  const infrastructure = await awsInfrastructure(settings, { ...options, asked: undefined })
  await using claim = await infrastructure.claim(0)
  const context = await openContext(settings, options)
  const groups = await describeGroups(context, [{ Name: `tag:${TAGS.stack}`, Values: [settings.stack.name] }])
  const own = groups.filter(
    ({ tags, name }) => tags[TAGS.owner] === settings.stack.owner && name !== context.names.claimGroup,
  )
  const { leftovers } = judgeStack(settings.stack.name, own, { ...context, over: await askRuns(own, isOver) })
  if (!leftovers.some(({ change }) => change.kind === 'sweep-stack')) return
  await leaveNothing(infrastructure, claim, signal)
}
