import type { Refusal } from '../../errors.ts'
import type { InfrastructureFacts } from '../infrastructure.ts'
import type { AwsContext } from './context.ts'
import { sessionProblem } from './credentials.ts'
import { notesOnDialing } from './dialing.ts'
import type { AwsFindings, Balancer, Group, Instance, Mould, Place, Renewal } from './findings.ts'
import { findGroups } from './groups.ts'
import { findImage } from './image.ts'
import { findTypes } from './instance-types.ts'
import { findInstances, nodeOf } from './instances.ts'
import { findBalancer } from './load-balancer.ts'
import { sortMachines } from './machines.ts'
import { findRecord, refuseRecord } from './record.ts'
import { refuseBalancer, refuseGroups, refuseTwins } from './refuse.ts'
import { findRenewal } from './renewal.ts'
import { oddOne, swapOf } from './swap.ts'
import { isOurs, TAGS } from './tags.ts'
import { findTargetGroups } from './target-groups.ts'
import { findPlace, refuse } from './where.ts'

/** Reads the account; changes nothing in it. */
export async function inspectAws(context: AwsContext): Promise<InfrastructureFacts> {
  const { asked, names, stack, settings } = context
  const [groups, seen, anyBalancer] = await Promise.all([
    findGroups(context),
    findInstances(context),
    findBalancer(context),
  ])
  const ours = groups.filter(({ tags }) => isOurs(tags, stack))
  const own = {
    nodes: ours.find(({ name }) => name === names.nodesGroup),
    balancer: ours.find(({ name }) => name === names.balancerGroup),
  }
  const balancer = anyBalancer !== undefined && isOurs(anyBalancer.tags, stack) ? anyBalancer : undefined
  const memory = { clusterUid: own.nodes?.tags[TAGS.cluster], hostname: own.nodes?.tags[TAGS.hostname] }
  const machines = sortMachines(seen)
  const hostname = asked?.hostname ?? memory.hostname ?? ''

  const [{ refusals: wrongZone, ...record }, ground, addresses, targetGroups, renewal] = await Promise.all([
    findRecord(context, hostname, own.nodes?.tags[TAGS.zone]),
    asked === undefined ? NO_GROUND : findGround(context, machines.instances, balancer),
    hostname === '' ? [] : context.network.resolve(hostname),
    findTargetGroups(context, balancer?.arn),
    findRenewal(context, machines.instances),
  ])
  const session = await refuseSession(context, machines.instances, renewal)
  const nodes = machines.instances.map((instance) => nodeOf(instance, settings.address))
  const findings: AwsFindings = {
    region: settings.region,
    place: ground.place,
    mould: ground.mould,
    renewal: { place: renewal.place, unlike: renewal.unlike },
    groups: { nodes: plainGroup(own.nodes), balancer: plainGroup(own.balancer) },
    ...machines,
    balancer,
    targetGroups,
    record,
  }
  const expires = own.nodes?.tags[TAGS.expires]
  return {
    nodes,
    loadBalancer: balancer && { address: balancer.dnsName, ...servingOf(findings), passing: true },
    name: { hostname, addresses, ...toMake(findings) },
    memory,
    ...(expires !== undefined && { expires }),
    refusals: [
      ...(asked === undefined ? [] : refuseGroups(groups, ground.place, context)),
      ...(asked === undefined ? [] : refuseBalancer(anyBalancer, context)),
      ...refuseTwins(machines.twins),
      ...(asked === undefined ? [] : [...wrongZone, ...refuseRecord(record), ...ground.refusals]),
      ...renewal.refusals,
      ...session,
    ],
    surplus: surplusOf(machines.instances, context),
    notes: [...(asked === undefined ? [] : notesOnDialing(findings, settings)), ...renewal.notes],
    owned: ownedBy(findings),
    own: findings,
  }
}

type Ground = { place: Place | undefined; mould: Mould | undefined; refusals: Refusal[] }

const NO_GROUND: Ground = { place: undefined, mould: undefined, refusals: [] }

/** Where new things go; what new nodes are made of is looked up only while some are missing. */
async function findGround(context: AwsContext, instances: Instance[], balancer: Balancer | undefined): Promise<Ground> {
  const isWhole = instances.length >= (context.asked?.nodeCount ?? 0)
  const place = await findPlace(context, !isWhole || balancer === undefined)
  if ('refusals' in place) return { ...NO_GROUND, refusals: place.refusals }
  if (isWhole) return { ...NO_GROUND, place: place.found }
  const [image, types] = await Promise.all([findImage(context), findTypes(context, place.found)])
  const refusals = [image, types].flatMap((one) => ('refusals' in one ? one.refusals : []))
  const mould = 'found' in image && 'found' in types ? { image: image.found, types: types.found } : undefined
  return { place: place.found, mould, refusals }
}

/**
 * Of more machines than were asked for one that is half-replaced goes first, then those with the highest numbers. An
 * upgrade keeps all but that one.
 */
function surplusOf(instances: Instance[], { asked, settings }: AwsContext): string[] {
  const swap = swapOf(instances)
  const odd = swap === undefined ? [] : [oddOne(swap)]
  if (settings.running?.areReplaced) return odd
  if (asked === undefined || asked.keepsAll || instances.length <= asked.nodeCount) return []
  const others = instances.map(({ name }) => name).filter((name) => !odd.includes(name))
  return [...others.slice(asked.nodeCount), ...odd].sort()
}

/** Every port must forward to a machine, and one of each port's must be well, for the balancer to serve. */
function servingOf({ instances, targetGroups, balancer }: AwsFindings): { targets: string[]; serving: boolean } {
  const isTarget = (id: string) =>
    targetGroups.length > 0 && targetGroups.every(({ targets }) => targets.some((one) => one.id === id))
  const isWell = targetGroups.every(({ targets }) => targets.some(({ health }) => health === 'healthy'))
  return {
    targets: instances.filter(({ id }) => isTarget(id)).map(({ privateAddress }) => privateAddress),
    serving: balancer?.state === 'active' && targetGroups.length > 0 && isWell,
  }
}

/** Without a hosted zone a person makes the record. */
function toMake({ record, balancer }: AwsFindings) {
  if (record.zone !== undefined || record.hostname === '' || balancer === undefined) return {}
  return { toMake: { type: 'CNAME', value: balancer.dnsName } }
}

function plainGroup(group: (Group & { name: string }) | undefined): Group | undefined {
  if (group === undefined) return undefined
  const { name: _, ...rest } = group
  return rest
}

async function refuseSession(
  { aws, settings, now, asked }: AwsContext,
  instances: Instance[],
  { unlike }: Renewal,
): Promise<Refusal[]> {
  const renewed = settings.role !== undefined
  const end = renewed ? undefined : await aws.sessionEnd()
  const builds = unlike.length > 0 || (asked !== undefined && instances.length < asked.nodeCount)
  const problem = sessionProblem({ end, renewed, builds }, now())
  if (problem === undefined) return []
  const next = 'Raise role-duration-seconds where the session is made, or set aws-role: such a session is renewed.'
  return [refuse('credentials', problem, next)]
}

function ownedBy({ groups, instances, strays, balancer, targetGroups, record }: AwsFindings): string[] {
  const describe = (one: Balancer | undefined) => (one === undefined ? [] : [`load balancer ${one.arn}`])
  return [
    ...[...instances, ...strays].map(({ id, name }) => `instance ${id} (${name})`),
    ...describe(balancer),
    ...targetGroups.map(({ arn }) => `target group ${arn}`),
    ...record.found.filter(({ ours }) => ours).map(({ type }) => `record ${record.hostname} ${type}`),
    ...[groups.balancer, groups.nodes].flatMap((group) => (group === undefined ? [] : [`security group ${group.id}`])),
  ]
}
