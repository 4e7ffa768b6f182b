import { StackError } from '../../errors.ts'
import type { AwsChange } from './changes.ts'
import type { AwsContext } from './context.ts'
import type { Instance } from './findings.ts'
import { ensureGroup, findGroups, removeGroup, setRules } from './groups.ts'
import { findInstances, launch, nodeOf, type SeenInstance } from './instances.ts'
import {
  createBalancer,
  findBalancer,
  removeBalancer,
  removeListener,
  setBalancer,
  setListener,
} from './load-balancer.ts'
import { sortMachines } from './machines.ts'
import type { Port } from './names.ts'
import { endNode, finishNode, startNode } from './node-life.ts'
import type { Rule } from './ports.ts'
import { findRecord, removeRecord, setRecord } from './record.ts'
import { isOurs, TAGS, type Tags, tagsOf } from './tags.ts'
import { arnOf, findTargetGroups, removeTargetGroup, setTargetGroup, setTargets } from './target-groups.ts'
import { until } from './wait.ts'

/** Carries out one change; where a killed run left it half done, it goes on from there. */
export async function applyAws(context: AwsContext, change: AwsChange, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  switch (change.kind) {
    case 'create-group':
      return createGroup(context, change, signal)
    case 'set-rules':
      return changeRules(context, change, signal)
    case 'create-balancer':
      return makeBalancer(context, change, signal)
    case 'set-balancer':
      return mendBalancer(context, signal)
    case 'set-target': {
      const { vpc, tags } = await groundOf(context, signal)
      await setTargetGroup(context, { port: change.port, vpc, tags }, signal)
      return
    }
    case 'set-listener': {
      const { tags } = await groundOf(context, signal)
      return setListener(
        context,
        { port: change.port, targetGroup: await targetOf(context, change.port, signal), tags },
        signal,
      )
    }
    case 'remove-listener':
      return removeListener(context, change.arn, signal)
    case 'create-node':
      return createNode(context, change, signal)
    case 'give-up':
      return giveUp(context, change, signal)
    case 'start-node':
      return startNode(context, change.id, signal)
    case 'finish-node':
      return finishNode(context, change.id, signal)
    case 'set-groups': {
      const { nodes } = await groundOf(context, signal)
      signal.throwIfAborted()
      await context.aws.ec2.modifyInstanceAttribute({ InstanceId: change.id, Groups: [nodes] })
      return
    }
    case 'set-targets':
      return changeTargets(context, change, signal)
    case 'set-name':
      return setName(context, change, signal)
    case 'set-expiry':
      return setExpiry(context, change.expires, signal)
    case 'remove-name':
      await removeRecord(context, change, signal)
      return
    case 'remove-balancer':
      return removeBalancer(context, change.arn, signal)
    case 'remove-target':
      return removeTargetGroup(context, change.arn, signal)
    case 'remove-node':
      return endNode(context, change.id, signal)
    case 'remove-group':
      return removeGroup(context, change.id, signal)
  }
}

type Change<K extends AwsChange['kind']> = Extract<AwsChange, { kind: K }>

async function createGroup(
  context: AwsContext,
  { group, vpc, hostname }: Change<'create-group'>,
  signal: AbortSignal,
): Promise<void> {
  const { stack, run, settings, now } = context
  const created = now()
  const expires = await expiryOf(context, created)
  const tags = tagsOf(stack, run, { created, expires, extra: settings.tags })
  const memory = group === 'nodes' ? { [TAGS.hostname]: hostname } : {}
  await ensureGroup(context, { group, vpc, tags: { ...tags, ...memory } }, signal)
}

/** The stack's own, once it has one; its time to live counts from its first group. */
async function expiryOf(context: AwsContext, created: Date): Promise<Date | undefined> {
  const { settings, stack } = context
  const groups = await findGroups(context)
  const there = groups.find(({ tags }) => isOurs(tags, stack) && tags[TAGS.expires] !== undefined)
  const known = there?.tags[TAGS.expires]
  if (known !== undefined) return new Date(known)
  return settings.ttlMs === undefined ? undefined : new Date(created.getTime() + settings.ttlMs)
}

type Ground = { nodes: string; balancer: string | undefined; vpc: string; tags: Tags; expires: string | undefined }

/** What everything else of the stack stands on: its groups, and the tags it is made with. */
async function groundOf(context: AwsContext, signal: AbortSignal): Promise<Ground> {
  const { names, stack, run, settings, now } = context
  const groups = await until(
    async () => {
      const ours = (await findGroups(context)).filter(({ tags }) => isOurs(tags, stack))
      const nodes = ours.find(({ name }) => name === names.nodesGroup)
      const balancer = ours.find(({ name }) => name === names.balancerGroup)
      return nodes && { nodes, balancer }
    },
    { ...context, signal },
  )
  const { id, vpc, tags } = groups.nodes
  const expires = tags[TAGS.expires]
  const end = expires === undefined ? undefined : new Date(expires)
  const own = tagsOf(stack, run, { created: now(), expires: end, extra: settings.tags })
  return { nodes: id, balancer: groups.balancer?.id, vpc, tags: own, expires }
}

/** With the group of the balancer, which a list may tell of a moment later. */
async function wholeGround(context: AwsContext, signal: AbortSignal): Promise<Ground & { balancer: string }> {
  return await until(
    async () => {
      const { balancer, ...ground } = await groundOf(context, signal)
      return balancer === undefined ? undefined : { ...ground, balancer }
    },
    { ...context, signal },
  )
}

async function changeRules(
  context: AwsContext,
  { group, add, remove }: Change<'set-rules'>,
  signal: AbortSignal,
): Promise<void> {
  const ids = await wholeGround(context, signal)
  const sourceOf = ({ source }: Rule) => ('cidr' in source ? source.cidr : ids[source.group])
  const rules = add.map((rule) => ({ ...rule, source: sourceOf(rule) }))
  await setRules(context, { group: ids[group], add: rules, remove }, signal)
}

async function makeBalancer(
  context: AwsContext,
  { scheme, subnets }: Change<'create-balancer'>,
  signal: AbortSignal,
): Promise<void> {
  const { balancer: group, tags } = await wholeGround(context, signal)
  const arn = await createBalancer(context, { scheme, subnets, group, tags }, signal)
  await setBalancer(context, { arn, group }, signal)
}

async function mendBalancer(context: AwsContext, signal: AbortSignal): Promise<void> {
  const [{ balancer: group }, balancer] = await Promise.all([wholeGround(context, signal), findBalancer(context)])
  if (balancer !== undefined) await setBalancer(context, { arn: balancer.arn, group }, signal)
}

async function targetOf(context: AwsContext, port: Port, signal: AbortSignal): Promise<string> {
  return await until(() => arnOf(context, port), { ...context, signal })
}

async function createNode(
  context: AwsContext,
  { node, image, attempts, ended, replaces, diskGib }: Change<'create-node'>,
  signal: AbortSignal,
): Promise<void> {
  const { nodes: group, tags, expires } = await groundOf(context, signal)
  const there = (await findInstances(context)).find(({ name, state }) => name === node && isLive(state))
  const further = { ...(replaces !== undefined && { replaces }), ...(diskGib !== undefined && { diskGib }) }
  const wanted = { node, image, attempts, ended, group, tags, expires, ...further }
  const id = there?.id ?? (await launch(context, wanted, signal))
  await finishNode(context, id, signal)
}

async function changeTargets(
  context: AwsContext,
  { port, nodes }: Change<'set-targets'>,
  signal: AbortSignal,
): Promise<void> {
  const machines = await machinesOf(context, nodes, signal)
  const ids = machines.map(({ id }) => id)
  const arn = await targetOf(context, port, signal)
  const there = (await findTargetGroups(context)).find((one) => one.port === port)?.targets.map(({ id }) => id) ?? []
  const add = ids.filter((id) => !there.includes(id))
  const remove = there.filter((id) => !ids.includes(id))
  await setTargets(context, { arn, add, remove }, signal)
}

/** From here on every run takes the old machine away, and no longer the new one. */
async function giveUp(context: AwsContext, { node, by }: Change<'give-up'>, signal: AbortSignal): Promise<void> {
  const machines = await machinesOf(context, [node, by], signal)
  const idOf = (name: string) => machines.find((one) => one.name === name)?.id ?? ''
  signal.throwIfAborted()
  await context.aws.ec2.createTags({ Resources: [idOf(node)], Tags: [{ Key: TAGS.leaving, Value: idOf(by) }] })
}

/** The machine of each name; a new one may be listed a moment later. */
async function machinesOf(context: AwsContext, nodes: string[], signal: AbortSignal): Promise<Instance[]> {
  return await until(
    async () => {
      const { instances } = sortMachines(await findInstances(context))
      const named = instances.filter(({ name }) => nodes.includes(name))
      return named.length === nodes.length ? named : undefined
    },
    { ...context, signal },
  )
}

function isLive(state: SeenInstance['state']): boolean {
  return state !== 'terminated' && state !== 'shutting-down'
}

async function setName(
  context: AwsContext,
  { hostname, zone }: Change<'set-name'>,
  signal: AbortSignal,
): Promise<void> {
  const { nodes } = await groundOf(context, signal)
  signal.throwIfAborted()
  // First where it will stand, then the record: one that was made is always found again.
  await context.aws.ec2.createTags({ Resources: [nodes], Tags: [{ Key: TAGS.zone, Value: zone }] })
  const balancer = await until(() => findBalancer(context), { ...context, signal })
  const { found } = await findRecord(context, hostname, zone)
  const ours = found.find((one) => one.ours && one.type === 'A')
  const target = balancer.dnsName.toLowerCase()
  if (ours?.target === target) return
  const old = ours && { target: ours.target ?? '', targetZone: ours.targetZone ?? '' }
  await setRecord(context, { hostname, zone, target, targetZone: balancer.zoneId }, old, signal)
}

/** The machines first: the group's tag is what says that it is done. */
async function setExpiry(context: AwsContext, expires: string, signal: AbortSignal): Promise<void> {
  const { aws, firstContact, settings, door } = context
  const machines = (await findInstances(context)).filter(({ state }) => isLive(state))
  const nodes = machines.map((one) => nodeOf(one, settings.address)).filter(({ state }) => state === 'running')
  await door.open(signal)
  await Promise.all(nodes.map((node) => firstContact.setExpiry(node, new Date(expires), signal)))
  const [balancer, targets] = await Promise.all([findBalancer(context), findTargetGroups(context)])
  const tag = [{ Key: TAGS.expires, Value: expires }]
  const ResourceArns = [...(balancer ? [balancer.arn] : []), ...targets.map(({ arn }) => arn)]
  signal.throwIfAborted()
  if (ResourceArns.length > 0) await aws.elb.addTags({ ResourceArns, Tags: tag })
  const groups = (await findGroups(context)).filter(({ tags }) => isOurs(tags, context.stack))
  if (groups.length === 0) throw new StackError('cloud', 'The security groups of the stack are gone.')
  signal.throwIfAborted()
  const Resources = [...machines.map(({ id }) => id), ...groups.map(({ id }) => id)]
  await aws.ec2.createTags({ Resources, Tags: tag })
}
