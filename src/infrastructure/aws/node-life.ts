import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import { findOne, nodeOf, running, type SeenInstance } from './instances.ts'
import { TAGS } from './tags.ts'
import { unlessMissing, until } from './wait.ts'

/** From a machine that was launched to a node that runs with a host key of its own; goes on from where it is. */
export async function finishNode(context: AwsContext, id: string, signal: AbortSignal): Promise<void> {
  const { aws, door, firstContact, settings } = context
  let seen = await running(context, id, signal)
  if (seen.tags[TAGS.firstHostKey] === undefined && seen.tags[TAGS.hostKey] !== undefined) return
  await door.open(signal)
  if (seen.tags[TAGS.hostKey] === undefined) {
    const key = await firstContact.makeHostKey(nodeOf(seen, settings.address), signal)
    signal.throwIfAborted()
    await aws.ec2.createTags({ Resources: [id], Tags: [{ Key: TAGS.hostKey, Value: key }] })
    seen = { ...seen, tags: { ...seen.tags, [TAGS.hostKey]: key } }
  }
  await firstContact.dropFirstHostKey(nodeOf(seen, settings.address), signal)
  signal.throwIfAborted()
  await aws.ec2.deleteTags({ Resources: [id], Tags: [{ Key: TAGS.firstHostKey }] })
}

/** A stopped machine runs again; one that is just stopping is waited for first. */
export async function startNode(context: AwsContext, id: string, signal: AbortSignal): Promise<void> {
  const seen = await until(
    async () => {
      const found = await findOne(context, id)
      return found?.state === 'stopping' ? undefined : found
    },
    { ...context, signal },
  )
  signal.throwIfAborted()
  if (seen.state === 'stopped') await context.aws.ec2.startInstances({ InstanceIds: [id] })
  await finishNode(context, id, signal)
}

/** The machine is gone with its disk; its protection is taken off first. */
export async function endNode(context: AwsContext, id: string, signal: AbortSignal): Promise<void> {
  const { aws } = context
  const seen = await findOne(context, id)
  if (isOver(seen)) return
  signal.throwIfAborted()
  const terminate = () => unlessMissing(() => aws.ec2.terminateInstances({ InstanceIds: [id] }))
  try {
    await terminate()
  } catch (thrown) {
    if (awsCode(thrown) !== 'OperationNotPermitted') throw thrown
    signal.throwIfAborted()
    await aws.ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: false } })
    signal.throwIfAborted()
    await terminate()
  }
  await until(async () => (isOver(await findOne(context, id)) ? true : undefined), { ...context, signal })
}

function isOver(seen: SeenInstance | undefined): boolean {
  return seen === undefined || seen.state === 'terminated'
}
