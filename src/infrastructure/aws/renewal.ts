import type { Image } from '@aws-sdk/client-ec2'
import type { Refusal } from '../../errors.ts'
import type { RunningMachines } from '../../settings.ts'
import type { AwsContext } from './context.ts'
import type { Instance, Mould, Place, Renewal, Unlike } from './findings.ts'
import { findImage, LATEST, systemOf } from './image.ts'
import { findTypes } from './instance-types.ts'
import { type Found, findPlace, refuse } from './where.ts'

export type FoundRenewal = Renewal & { refusals: Refusal[]; notes: string[] }

const NOTHING: FoundRenewal = { place: undefined, unlike: [], refusals: [], notes: [] }

/**
 * Which machines run something else than was asked for, by what the provider says of each; where they are replaced, also
 * what the new ones are made of: what was asked for, and else what the old one runs.
 */
export async function findRenewal(context: AwsContext, instances: Instance[]): Promise<FoundRenewal> {
  const asked = context.settings.running
  if (asked === undefined || instances.length === 0) return NOTHING
  if (asked.image === undefined && asked.instanceTypes === undefined) return NOTHING
  const images = await imagesOf(context, instances, asked)
  const wanted = asked.areReplaced ? await wantedImage(context, asked) : undefined
  if (wanted !== undefined && 'refusals' in wanted) return { ...NOTHING, refusals: wanted.refusals }
  const image = wanted?.found
  const unlike = instances.flatMap((instance) => {
    const changes = changesOf(instance, images.get(instance.image), asked, image?.id)
    return changes.length === 0 ? [] : [{ instance, changes }]
  })
  if (!asked.areReplaced) return { ...NOTHING, notes: unlike.map(({ instance, changes }) => note(instance, changes)) }
  if (unlike.length === 0) return NOTHING
  const place = await findPlace(context)
  if ('refusals' in place) return { ...NOTHING, refusals: place.refusals }
  const disks = await diskSizes(
    context,
    unlike.map(({ instance }) => instance),
  )
  const found = await Promise.all(
    unlike.map(async ({ instance, changes }) => {
      const mould = await mouldFor(context, instance, {
        place: place.found,
        asked,
        image,
        own: images.get(instance.image),
      })
      return { node: instance.name, changes, mould, diskGib: disks.get(instance.id) ?? 0 }
    }),
  )
  return {
    place: place.found,
    unlike: found.flatMap((one): Unlike[] => ('found' in one.mould ? [{ ...one, mould: one.mould.found }] : [])),
    refusals: distinct(found.flatMap(({ mould }) => ('refusals' in mould ? mould.refusals : []))),
    notes: [],
  }
}

/**
 * What of a machine is not as asked. Pure. An image asked for by its id is that image and no other; one asked for by the
 * name of its system is any image of that system, unless its newest is asked for ("debian-12-latest"): makers publish
 * one every few weeks, and no upgrade of something else should replace machines for that. A machine whose image nobody
 * can describe any more is left alone by a name.
 *
 * @param image as the provider describes what runs; undefined when it does not any more
 * @param newest id of the image new machines are made from
 */
export function changesOf(
  instance: Pick<Instance, 'type' | 'image'>,
  image: Image | undefined,
  asked: RunningMachines,
  newest: string | undefined,
): string[] {
  const changes: string[] = []
  if (asked.instanceTypes !== undefined && !asked.instanceTypes.includes(instance.type)) {
    changes.push(`${instance.type} → ${asked.instanceTypes.join(' or ')}`)
  }
  if (asked.image !== undefined && isOtherImage(instance.image, image, asked.image, newest)) {
    const target = newest === undefined || newest === asked.image ? asked.image : `${newest}, ${asked.image}`
    changes.push(`image ${instance.image} → ${target}`)
  }
  return changes
}

function isOtherImage(runs: string, image: Image | undefined, asked: string, newest: string | undefined): boolean {
  if (runs === newest) return false
  if (asked.startsWith('ami-')) return runs !== asked
  if (LATEST.test(asked) && newest !== undefined) return runs !== newest
  return image !== undefined && systemOf(image) !== asked.replace(LATEST, '')
}

function note({ name }: Instance, changes: string[]): string {
  return `${name} is not what is asked for (${changes.join(', ')}) and stays as it is: mode upgrade with the same inputs replaces it.`
}

async function wantedImage(context: AwsContext, { image }: RunningMachines) {
  return image === undefined ? undefined : await findImage(context, image)
}

/** What the provider says of the images that run, where it is needed; deprecated ones are told of too, taken back ones are not. */
async function imagesOf(
  { aws }: AwsContext,
  instances: Instance[],
  asked: RunningMachines,
): Promise<Map<string, Image>> {
  const isById = asked.image?.startsWith('ami-') === true
  if (isById || (asked.image === undefined && !asked.areReplaced)) return new Map()
  const ids = [...new Set(instances.map(({ image }) => image))]
  const { Images } = await aws.ec2.describeImages({
    Filters: [{ Name: 'image-id', Values: ids }],
    IncludeDeprecated: true,
  })
  return new Map((Images ?? []).map((image) => [image.ImageId ?? '', image]))
}

type Given = { place: Place; asked: RunningMachines; image: Mould['image'] | undefined; own: Image | undefined }

/** What was not asked for is as the old machine has it. */
async function mouldFor(
  context: AwsContext,
  { name, image: runs, type }: Instance,
  { place, asked, image, own }: Given,
): Promise<Found<Mould>> {
  const same = own?.RootDeviceName === undefined ? undefined : { id: runs, rootDevice: own.RootDeviceName }
  const made = image ?? same
  if (made === undefined) return { refusals: [imageGone(name, runs)] }
  const types = await findTypes(context, place, asked.instanceTypes ?? [type])
  return 'refusals' in types ? types : { found: { image: made, types: types.found } }
}

function imageGone(name: string, image: string): Refusal {
  const what = `${name} runs ${image}, which is not to be had any more: a machine that replaces it cannot be made from it.`
  return refuse('aws-image', what, 'Set aws-image to what the new machine is to be made from.')
}

/** In GiB, by instance: what comes for a machine holds as much as it does. */
async function diskSizes({ aws }: AwsContext, instances: Instance[]): Promise<Map<string, number>> {
  const ids = instances.map(({ id }) => id)
  const { Volumes } = await aws.ec2.describeVolumes({ Filters: [{ Name: 'attachment.instance-id', Values: ids }] })
  const sizes = (Volumes ?? []).flatMap(({ Attachments, Size = 0 }) =>
    (Attachments ?? []).map(({ InstanceId = '' }) => [InstanceId, Size] as const),
  )
  return new Map(sizes.toSorted(([, a], [, b]) => a - b))
}

function distinct(refusals: Refusal[]): Refusal[] {
  return [...new Map(refusals.map((refusal) => [refusal.what, refusal])).values()]
}
