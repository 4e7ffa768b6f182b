import type { HostedZone, ResourceRecordSet } from '@aws-sdk/client-route-53'
import type { Refusal } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { RecordFindings } from './findings.ts'
import { unlessMissing } from './wait.ts'
import { refuse } from './where.ts'

type Zone = { id: string; name: string }

/** The hosted zone of a name, and what records the name has there. @param known id of a zone the stack remembers */
export async function findRecord(
  context: AwsContext,
  hostname: string,
  known: string | undefined,
): Promise<RecordFindings & { refusals: Refusal[] }> {
  const nothing = { hostname, zone: undefined, found: [], refusals: [] }
  if (hostname === '') return nothing
  const { zone, refusals } = await findZone(context, hostname, known)
  if (zone === undefined) return { ...nothing, refusals }
  const answer = await unlessMissing(() =>
    context.aws.dns.listResourceRecordSets({ HostedZoneId: zone.id, StartRecordName: hostname, MaxItems: 20 }),
  )
  if (answer === undefined) return nothing
  const sets = (answer.ResourceRecordSets ?? []).filter(({ Name }) => plain(Name) === hostname)
  const found = sets.map((set) => describeRecord(set, context.names.balancer))
  return { hostname, zone, found, refusals: [] }
}

function describeRecord({ Type, AliasTarget }: ResourceRecordSet, balancer: string): RecordFindings['found'][number] {
  const target = AliasTarget === undefined ? undefined : plain(AliasTarget.DNSName).replace(/^dualstack\./, '')
  return {
    type: String(Type),
    target,
    targetZone: AliasTarget?.HostedZoneId,
    ours: isOurTarget(target, balancer),
  }
}

/**
 * Records carry no tags. Ours is an alias to a load balancer of this stack's name, which holds the hash of owner, stack
 * and region: also to one that is gone.
 */
export function isOurTarget(target: string | undefined, balancer: string): boolean {
  return target?.startsWith(`${balancer.toLowerCase()}-`) === true
}

async function findZone(
  { aws, settings }: AwsContext,
  hostname: string,
  known: string | undefined,
): Promise<{ zone: Zone | undefined; refusals: Refusal[] }> {
  const { hostedZone: given } = settings
  if (given === undefined && known !== undefined) return { zone: { id: known, name: '' }, refusals: [] }
  if (given !== undefined && /^Z[A-Z0-9]+$/.test(given)) {
    const answer = await unlessMissing(() => aws.dns.getHostedZone({ Id: given }))
    if (answer?.HostedZone !== undefined) return { zone: describeZone(answer.HostedZone), refusals: [] }
    const next = 'Set aws-hosted-zone to the id or name of a zone the credentials can read.'
    return { zone: undefined, refusals: [refuse('aws-hosted-zone', `there is no hosted zone ${given}.`, next)] }
  }
  const zones = await listZones(aws)
  return chooseZone(zones, hostname, given)
}

async function listZones(aws: AwsContext['aws']): Promise<Zone[]> {
  const zones: Zone[] = []
  let more: { DNSName: string; HostedZoneId: string } | undefined
  do {
    const answer = await aws.dns.listHostedZonesByName({ ...more })
    zones.push(...(answer.HostedZones ?? []).map(describeZone))
    const { NextDNSName: DNSName, NextHostedZoneId: HostedZoneId } = answer
    more = answer.IsTruncated && DNSName && HostedZoneId ? { DNSName, HostedZoneId } : undefined
  } while (more !== undefined)
  return zones
}

/** Pure: the zone a name belongs to, by the longest suffix; of two alike none is guessed. */
export function chooseZone(
  zones: Zone[],
  hostname: string,
  asked: string | undefined,
): { zone: Zone | undefined; refusals: Refusal[] } {
  const wanted = asked === undefined ? undefined : plain(asked)
  const holds = ({ name }: Zone) => (wanted === undefined || name === wanted) && isBelow(hostname, name)
  const fitting = zones.filter(holds)
  const longest = Math.max(...fitting.map(({ name }) => name.length))
  const [zone, ...others] = fitting.filter(({ name }) => name.length === longest)
  if (others.length > 0) {
    const what = `${hostname} fits ${[zone, ...others].map((one) => `${one?.name} (${one?.id})`).join(' and ')}.`
    return { zone: undefined, refusals: [refuse('aws-hosted-zone', what, 'Set aws-hosted-zone to the id of one.')] }
  }
  if (zone === undefined && asked !== undefined) {
    const what = `expected a zone ${asked} that ${hostname} belongs to, found none.`
    const next = 'Correct aws-hosted-zone, or leave it out to make the record yourself.'
    return { zone: undefined, refusals: [refuse('aws-hosted-zone', what, next)] }
  }
  return { zone, refusals: [] }
}

function isBelow(hostname: string, zone: string): boolean {
  return hostname === zone || hostname.endsWith(`.${zone}`)
}

function describeZone({ Id = '', Name }: HostedZone): Zone {
  return { id: Id.replace(/^\/hostedzone\//, ''), name: plain(Name) }
}

/** Lower case, without the last dot; Route 53 writes some characters as \\ooo. */
function plain(name: string | undefined): string {
  return (name ?? '').toLowerCase().replace(/\.$/, '')
}

/** A record somebody else made is never taken over. */
export function refuseRecord({ hostname, found }: RecordFindings): Refusal[] {
  const foreign = found.filter(({ type, ours }) => !ours && ['A', 'AAAA', 'CNAME'].includes(type))
  return foreign.map(({ type, target }) => {
    const what = `${hostname} has a record ${type}${target === undefined ? '' : ` to ${target}`} that this stack did not make.`
    return refuse('hostname', what, 'Remove that record, or choose another hostname: a record is never taken over.')
  })
}

type Alias = { hostname: string; zone: string; target: string; targetZone: string }

/**
 * Lets the name stand for the balancer. The old record of ours is taken away by its exact content and the new one is
 * created, not replaced, so that a record made by another meanwhile stops both.
 */
export async function setRecord(
  context: AwsContext,
  alias: Alias,
  old: Pick<Alias, 'target' | 'targetZone'> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { aws } = context
  signal.throwIfAborted()
  const Changes = [
    ...(old === undefined ? [] : [{ Action: 'DELETE' as const, ResourceRecordSet: recordSet({ ...alias, ...old }) }]),
    { Action: 'CREATE' as const, ResourceRecordSet: recordSet(alias) },
  ]
  try {
    await aws.dns.changeResourceRecordSets({ HostedZoneId: alias.zone, ChangeBatch: { Changes } })
  } catch (thrown) {
    // The change may have been made by a call whose answer was lost.
    if (awsCode(thrown) !== 'InvalidChangeBatch') throw thrown
    const { found } = await findRecord(context, alias.hostname, alias.zone)
    if (!found.some(({ target }) => target === alias.target)) throw thrown
  }
}

/** @returns whether it was there */
export async function removeRecord({ aws }: AwsContext, alias: Alias, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  const Changes = [{ Action: 'DELETE' as const, ResourceRecordSet: recordSet(alias) }]
  try {
    await aws.dns.changeResourceRecordSets({ HostedZoneId: alias.zone, ChangeBatch: { Changes } })
    return true
  } catch (thrown) {
    // Gone already, or no longer ours.
    if (/^(InvalidChangeBatch|NoSuchHostedZone)$/.test(awsCode(thrown) ?? '')) return false
    throw thrown
  }
}

function recordSet({ hostname, target, targetZone }: Omit<Alias, 'zone'>): ResourceRecordSet {
  const AliasTarget = { DNSName: target, HostedZoneId: targetZone, EvaluateTargetHealth: false }
  return { Name: hostname, Type: 'A', AliasTarget }
}
