import { StackError } from '../../errors.ts'
import type { Step } from '../../steps.ts'
import type { InfrastructureFacts, WantedInfrastructure } from '../infrastructure.ts'
import type { AwsChange } from './changes.ts'
import type { AwsFindings, Instance, Place } from './findings.ts'
import type { GroupName } from './groups.ts'
import type { Launch } from './instances.ts'
import { type Names, nodeNames, type Port } from './names.ts'
import { balancedPorts, balancerRules, insideCidrs, nodeRules, type Rule, ruleKey } from './ports.ts'
import type { AwsSettings } from './settings.ts'
import { TAGS } from './tags.ts'

export type PlanContext = { settings: AwsSettings; names: Names }

const MINUTE_MS = 60_000

/**
 * From what stands to what is wanted. Groups come first; nodes, balancer, target groups and record are made together.
 * Nodes that are too many stay, since they are members of etcd; they only get nothing forwarded any more.
 */
export function planAws(facts: InfrastructureFacts, wanted: WantedInfrastructure, context: PlanContext): Step[] {
  const own = withoutSurplus(findingsOf(facts), facts)
  const { place } = own
  // Without a place there is a refusal that says why.
  if (place === undefined) return []
  const ports = balancedPorts(context.settings)
  const steps = [
    ...planGroups(own, place, wanted),
    ...planRules(own, place, ports, context),
    ...planBalancer(own, place, context),
    ...ports.flatMap((port) => planPort(own, port)),
    ...planSurplus(own, ports),
    ...planNodes(own, place, wanted),
    ...ports.flatMap((port) => planTargets(own, port, wanted)),
    ...planName(own),
    ...planExpiry(own, context),
  ]
  const planned = new Set(steps.map(({ id }) => id))
  return steps.map((step) => ({ ...step, needs: step.needs.filter((id) => planned.has(id)) }))
}

function withoutSurplus(own: AwsFindings, { surplus = [] }: InfrastructureFacts): AwsFindings {
  return { ...own, instances: own.instances.filter(({ name }) => !surplus.includes(name)) }
}

export function findingsOf({ own }: InfrastructureFacts): AwsFindings {
  if (own === undefined) throw new StackError('bug', 'The facts of provider aws lack its findings.')
  return own as AwsFindings
}

const TITLES = { nodes: 'nodes', balancer: 'load balancer' } as const

function planGroups({ groups }: AwsFindings, { vpc }: Place, { hostname }: WantedInfrastructure): Step[] {
  return (['nodes', 'balancer'] as const)
    .filter((group) => groups[group] === undefined)
    .map((group) => {
      const title = `Create the security group of the ${TITLES[group]}`
      return step(`create-group-${group}`, title, 2, { kind: 'create-group', group, vpc, hostname })
    })
}

function planRules({ groups }: AwsFindings, place: Place, ports: Port[], { settings }: PlanContext): Step[] {
  const cidrs = settings.allowedCidrs.length > 0 ? settings.allowedCidrs : [place.cidr]
  const inside = insideCidrs(settings, place.cidr)
  const wanted = { nodes: nodeRules(ports, inside), balancer: balancerRules(ports, cidrs) }
  const ids = { nodes: groups.nodes?.id ?? 'nodes', balancer: groups.balancer?.id ?? 'balancer' }
  return (['nodes', 'balancer'] as const).flatMap((group) => {
    const { add, remove } = differ(wanted[group], groups[group]?.rules ?? [], ids)
    if (add.length + remove.length === 0) return []
    const title = `Set what the ${TITLES[group]} let${group === 'nodes' ? '' : 's'} in`
    const needs = ['create-group-nodes', 'create-group-balancer']
    return [step(`set-rules-${group}`, title, 2, { kind: 'set-rules', group, add, remove }, needs)]
  })
}

/** Rules with a run's name on them are doors, and not looked at here. */
function differ(
  wanted: Rule[],
  there: NonNullable<AwsFindings['groups'][GroupName]>['rules'],
  ids: { nodes: string; balancer: string },
): { add: Rule[]; remove: string[] } {
  const keys = new Set(wanted.map((rule) => ruleKey(rule, ids)))
  const have = new Set(there.map(({ key }) => key))
  return {
    add: wanted.filter((rule) => !have.has(ruleKey(rule, ids))),
    remove: there.filter(({ key, doors }) => !keys.has(key) && Object.keys(doors).length === 0).map(({ id }) => id),
  }
}

function planBalancer({ balancer, groups }: AwsFindings, { subnets }: Place, { settings }: PlanContext): Step[] {
  if (balancer === undefined) {
    const scheme = settings.loadBalancerScheme
    const change: AwsChange = { kind: 'create-balancer', scheme, subnets: subnets.map(({ id }) => id) }
    return [step('create-balancer', 'Create the load balancer', 10, change, ['create-group-balancer'])]
  }
  const isRight = balancer.crossZone && balancer.groups.join() === groups.balancer?.id
  if (isRight) return []
  return [step('set-balancer', 'Set the load balancer right', 5, { kind: 'set-balancer' }, ['create-group-balancer'])]
}

function planPort({ balancer, targetGroups }: AwsFindings, port: Port): Step[] {
  const steps: Step[] = []
  const target = targetGroups.find((one) => one.port === port)
  if (target?.checked !== true || !target.attributed) {
    const title = `${target === undefined ? 'Create' : 'Set right'} the target group of port ${port}`
    steps.push(step(`set-target-${port}`, title, 5, { kind: 'set-target', port }, ['create-group-nodes']))
  }
  const listener = balancer?.listeners.find((one) => one.port === port)
  const isRight = listener?.protocol === 'TCP' && target !== undefined && listener.targetGroup === target.arn
  if (!isRight) {
    const title = `Let the load balancer listen on port ${port}`
    const needs = ['create-balancer', `set-target-${port}`]
    steps.push(step(`set-listener-${port}`, title, 10, { kind: 'set-listener', port }, needs))
  }
  return steps
}

/** Listeners and target groups that are ours and no longer asked for. */
function planSurplus({ balancer, targetGroups }: AwsFindings, ports: Port[]): Step[] {
  const isAsked = (port: number) => ports.some((one) => one === port)
  const listeners = (balancer?.listeners ?? []).filter(({ port }) => !isAsked(port))
  const targets = targetGroups.filter(({ port }) => !isAsked(port))
  return [
    ...listeners.map(({ arn, port }) =>
      step(`remove-listener-${port}`, `Remove the listener of port ${port}`, 5, { kind: 'remove-listener', arn }),
    ),
    ...targets.map(({ arn, port }) => {
      const title = `Remove the target group of port ${port}`
      return step(`remove-target-${port}`, title, 5, { kind: 'remove-target', arn }, [`remove-listener-${port}`])
    }),
  ]
}

export const NODE_MINUTES = 20

function planNodes(own: AwsFindings, place: Place, { nodeCount }: WantedInfrastructure): Step[] {
  const { instances, strays } = own
  const missing = nodeNames(nodeCount).filter((name) => !instances.some((one) => one.name === name))
  const needs = ['set-rules-nodes']
  const zones = instances.map(({ zone }) => zone)
  const created = missing.slice(0, Math.max(0, nodeCount - instances.length)).flatMap((node) => {
    if (own.mould === undefined) return []
    const attempts = attemptsFor(place, own.mould, zones)
    zones.push(attempts[0]?.subnet.zone ?? '')
    const { image } = own.mould
    const change: AwsChange = { kind: 'create-node', node, image, attempts, ended: own.ended[node] ?? [] }
    return [step(`create-${node}`, `Create ${node}`, NODE_MINUTES, change, needs)]
  })
  const mended = instances.flatMap((instance) => mendSteps(own, instance, needs))
  const surplus = strays.map(({ id, name }) =>
    step(`remove-${id}`, `Remove ${id}, a second ${name} that was never finished`, 10, { kind: 'remove-node', id }),
  )
  return [...created, ...mended, ...surplus]
}

/** From a machine that stands somehow to one that runs, and can be reached. */
export function mendSteps({ groups }: AwsFindings, instance: Instance, needs: string[] = []): Step[] {
  const { id, name: node, state, tags, groups: has } = instance
  const steps: Step[] = []
  if (groups.nodes !== undefined && has.join() !== groups.nodes.id) {
    steps.push(step(`set-groups-${node}`, `Put ${node} into its security group`, 2, { kind: 'set-groups', node, id }))
  }
  if (state === 'stopped' || state === 'stopping') {
    steps.push(step(`start-${node}`, `Start ${node}`, NODE_MINUTES, { kind: 'start-node', node, id }, needs))
  } else if (tags[TAGS.hostKey] === undefined || tags[TAGS.firstHostKey] !== undefined || state === 'pending') {
    steps.push(step(`finish-${node}`, `Finish ${node}`, NODE_MINUTES, { kind: 'finish-node', node, id }, needs))
  }
  return steps
}

/** The zone with the fewest nodes first, then the others; one type after the other. */
export function attemptsFor(
  { subnets }: Place,
  { types }: NonNullable<AwsFindings['mould']>,
  taken: string[],
): Launch['attempts'] {
  const load = (zone: string) => taken.filter((one) => one === zone).length
  const inOrder = subnets.toSorted((a, b) => load(a.zone) - load(b.zone) || (a.zone < b.zone ? -1 : 1))
  return types.flatMap(({ name, zones }) =>
    inOrder.filter(({ zone }) => zones.includes(zone)).map((subnet) => ({ type: name, subnet })),
  )
}

function planTargets(
  { instances, targetGroups }: AwsFindings,
  port: Port,
  { nodeCount }: WantedInfrastructure,
): Step[] {
  const standing = instances.map(({ name }) => name)
  const missing = nodeNames(nodeCount).filter((name) => !standing.includes(name))
  const nodes = [...standing, ...missing.slice(0, Math.max(0, nodeCount - standing.length))].sort()
  const target = targetGroups.find((one) => one.port === port)
  const has = target?.targets.map(({ id }) => id).sort()
  const should = instances.map(({ id }) => id).sort()
  if (nodes.length === standing.length && has?.join() === should.join()) return []
  const needs = [
    `set-target-${port}`,
    `set-listener-${port}`,
    ...nodes.flatMap((node) => [`create-${node}`, `start-${node}`, `finish-${node}`]),
  ]
  return [
    step(
      `set-targets-${port}`,
      `Forward port ${port} to ${nodes.join(', ')}`,
      5,
      { kind: 'set-targets', port, nodes },
      needs,
    ),
  ]
}

function planName({ balancer, record }: AwsFindings): Step[] {
  const { hostname, zone, found } = record
  if (zone === undefined) return []
  const ours = found.find((one) => one.ours && one.type === 'A')
  if (balancer !== undefined && ours?.target === balancer.dnsName.toLowerCase()) return []
  const change: AwsChange = { kind: 'set-name', hostname, zone: zone.id }
  return [
    step('set-name', `Let ${hostname} stand for the load balancer`, 5, change, [
      'create-group-nodes',
      'create-balancer',
    ]),
  ]
}

/** A time to live counts from when the stack was made. */
function planExpiry({ groups }: AwsFindings, { settings }: PlanContext): Step[] {
  const { created, expires } = { created: groups.nodes?.tags[TAGS.created], expires: groups.nodes?.tags[TAGS.expires] }
  if (settings.ttlMs === undefined || created === undefined || expires === undefined) return []
  const wanted = new Date(Date.parse(created) + settings.ttlMs).toISOString()
  if (wanted === expires) return []
  return [step('set-expiry', `Let the stack live until ${wanted}`, 10, { kind: 'set-expiry', expires: wanted })]
}

export function step(id: string, title: string, minutes: number, change: AwsChange, needs: string[] = []): Step {
  return { id, title, deadlineMs: minutes * MINUTE_MS, needs, change: { room: 'infrastructure', ...change } }
}
