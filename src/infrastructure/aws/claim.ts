import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '../../errors.ts'
import type { Lease } from '../../remote/lease.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import { findByName } from './groups.ts'
import { fromAws, isOurs, TAGS, type Tags, tagsOf, toAws } from './tags.ts'
import { unlessMissing } from './wait.ts'

/** A holder says so this often, and has lost the claim when it could not for as long as another takes it for dead. */
const RENEW_MS = 60_000
const STALE_MS = 5 * 60_000

type ClaimContext = Pick<AwsContext, 'aws' | 'names' | 'stack' | 'run' | 'settings' | 'now' | 'pollMs' | 'log'> & {
  vpc: string
}

/**
 * The right to change a stack before its nodes can hold a lease: a security group that stands while a run holds it. Its
 * name is unique in the network, so of two that make it one fails. One that was not renewed for long is taken away by
 * its id, which cannot hit the one a third run made meanwhile.
 *
 * @throws StackError of kind `lease` that names the holder
 */
export async function takeClaim(context: ClaimContext, waitMs: number): Promise<Lease> {
  const { run, pollMs, log, now } = context
  const holder = `${run.id}/${run.attempt}`
  const deadline = now().getTime() + waitMs
  for (;;) {
    const made = await make(context, holder)
    if (made !== undefined) return hold(context, made, holder)
    const other = await findByName(context, context.names.claimGroup, context.vpc)
    if (other === undefined) continue
    const tags = fromAws(other.Tags)
    if (!isOurs(tags, context.stack)) throw foreign(context)
    if (isStale(tags, context)) {
      log(`The claim of run ${tags[TAGS.holder]} was not renewed: it is taken over.`)
      await drop(context, other.GroupId ?? '')
      continue
    }
    if (now().getTime() >= deadline) throw held(context, tags)
    await delay(Math.max(1, Math.min(pollMs, deadline - now().getTime())))
  }
}

async function make({ aws, names, stack, run, settings, vpc, now }: ClaimContext, holder: string) {
  const tags = {
    ...tagsOf(stack, run, { created: now(), expires: undefined, extra: settings.tags }),
    Name: names.claimGroup,
    [TAGS.holder]: holder,
    [TAGS.renewed]: now().toISOString(),
  }
  try {
    const { GroupId } = await aws.ec2.createSecurityGroup({
      GroupName: names.claimGroup,
      Description: `A run changes Rancher stack ${stack.name}`,
      VpcId: vpc,
      TagSpecifications: [{ ResourceType: 'security-group', Tags: toAws(tags) }],
    })
    return GroupId
  } catch (thrown) {
    if (awsCode(thrown) === 'InvalidGroup.Duplicate') return undefined
    throw thrown
  }
}

/** An earlier attempt of the same run is over; any other that is silent for long is taken for dead. */
export function isStale(tags: Tags, { run, now }: Pick<ClaimContext, 'run' | 'now'>): boolean {
  const [id, attempt] = (tags[TAGS.holder] ?? '').split('/')
  if (id === run.id && Number(attempt) < run.attempt) return true
  const renewed = Date.parse(tags[TAGS.renewed] ?? '')
  return Number.isNaN(renewed) || now().getTime() - renewed > STALE_MS
}

function hold(context: ClaimContext, id: string, holder: string): Lease {
  const { aws, now } = context
  const lost = new AbortController()
  let renewedAt = now().getTime()
  const renew = async () => {
    try {
      const Tags = [{ Key: TAGS.renewed, Value: now().toISOString() }]
      await aws.ec2.createTags({ Resources: [id], Tags })
      renewedAt = now().getTime()
    } catch (thrown) {
      const isGone = /NotFound|InvalidID/.test(awsCode(thrown) ?? '')
      if (isGone || now().getTime() - renewedAt > STALE_MS - RENEW_MS) lost.abort(lostClaim(thrown))
    }
  }
  const renewing = setInterval(() => void renew(), RENEW_MS).unref()
  return {
    holder,
    generation: 0,
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(renewing)
      await drop(context, id)
    },
  }
}

async function drop({ aws }: Pick<ClaimContext, 'aws'>, id: string): Promise<void> {
  await unlessMissing(() => aws.ec2.deleteSecurityGroup({ GroupId: id }))
}

/** Frees what a run that was killed still holds. @returns whether it held it */
export async function dropClaim(context: Pick<ClaimContext, 'aws' | 'names' | 'stack' | 'run'>): Promise<boolean> {
  const found = await findByName(context, context.names.claimGroup)
  const tags = fromAws(found?.Tags)
  if (found?.GroupId === undefined || !isOurs(tags, context.stack)) return false
  if (tags[TAGS.holder] !== `${context.run.id}/${context.run.attempt}`) return false
  await drop(context, found.GroupId)
  return true
}

function held({ stack }: ClaimContext, tags: Tags): StackError {
  const what = `Run ${tags[TAGS.holder]} of ${tags[TAGS.ownerName]} changes the machines of stack "${stack.name}" now.`
  return new StackError('lease', what, {
    stands: 'Nothing was changed.',
    next: `Let that run end, or set wait-for-lease. It is taken for dead 5 minutes after ${tags[TAGS.renewed]}.`,
    retry: true,
  })
}

function foreign({ names }: ClaimContext): StackError {
  return new StackError('lease', `Security group ${names.claimGroup} stands, but not with the tags of this stack.`, {
    stands: 'Nothing was changed.',
    next: 'Remove that group if nobody needs it.',
  })
}

function lostClaim(cause: unknown): StackError {
  return new StackError('lease', 'The claim on the stack was lost: another run may change it now.', { cause })
}
