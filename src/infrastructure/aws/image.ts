import type { Image } from '@aws-sdk/client-ec2'
import { StackError } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { Mould } from './findings.ts'
import { unlessMissing } from './wait.ts'
import { type Found, refuse } from './where.ts'

/**
 * Systems whose newest image is found by name: what their makers publish as a parameter, else by owner and name.
 *
 * @see Debian wiki, "Cloud/AmazonEC2Image"; Canonical, "Find Ubuntu images on AWS"
 */
export const IMAGES = {
  'debian-12': {
    parameter: '/aws/service/debian/release/12/latest/amd64',
    owner: '136693071363',
    name: 'debian-12-amd64-*',
  },
  'ubuntu-22.04': {
    parameter: '/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id',
    owner: '099720109477',
    name: 'ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*',
  },
  'ubuntu-24.04': {
    parameter: '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
    owner: '099720109477',
    name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*',
  },
} as const

/** RKE has images for no other. */
export const ARCHITECTURE = 'x86_64'

/** Behind the name of a system: its newest image, also for machines that run an older one. */
export const LATEST = /-latest$/

/** The image new nodes are made from: given by id, or the newest of a named system. */
export async function findImage(context: AwsContext, asked = context.settings.image): Promise<Found<Mould['image']>> {
  const image = await lookUp(context, asked.replace(LATEST, ''))
  const { ImageId, RootDeviceName, Architecture } = image ?? {}
  if (ImageId === undefined || RootDeviceName === undefined) {
    const what = `${asked} is not to be found in ${context.settings.region}.`
    return { refusals: [refuse('aws-image', what, `Set aws-image to an image id, or one of ${names()}.`)] }
  }
  if (Architecture !== ARCHITECTURE) {
    const what = `expected an image for ${ARCHITECTURE}, got ${asked} for ${Architecture}.`
    return { refusals: [refuse('aws-image', what, 'Use a 64-bit x86 image: RKE runs on no other.')] }
  }
  return { found: { id: ImageId, rootDevice: RootDeviceName } }
}

function names(): string {
  return Object.keys(IMAGES).join(', ')
}

async function lookUp({ aws }: AwsContext, asked: string): Promise<Image | undefined> {
  const byId = async (id: string) => {
    const answer = await unlessMissing(() => aws.ec2.describeImages({ ImageIds: [id] }))
    return answer?.Images?.[0]
  }
  if (!(asked in IMAGES)) return byId(asked)
  const system = IMAGES[asked as keyof typeof IMAGES]
  const published = await parameterOf(aws, system.parameter)
  const image = published === undefined ? undefined : await byId(published)
  if (image !== undefined) return image
  const { Images } = await aws.ec2.describeImages({
    Owners: [system.owner],
    Filters: [
      { Name: 'name', Values: [system.name] },
      { Name: 'architecture', Values: [ARCHITECTURE] },
      { Name: 'state', Values: ['available'] },
    ],
  })
  return newest(Images ?? [])
}

/** Without the permission to read parameters the image is found by owner and name. */
async function parameterOf(aws: AwsContext['aws'], Name: string): Promise<string | undefined> {
  try {
    return (await aws.ssm.getParameter({ Name })).Parameter?.Value
  } catch (thrown) {
    const isLeft = /^(ParameterNotFound|AccessDenied)/.test(awsCode(thrown) ?? '')
    if (thrown instanceof StackError && isLeft) return undefined
    throw thrown
  }
}

/** The system an image is of, by the name its maker gave it, wherever it was copied to; undefined for any other. */
export function systemOf({ Name = '' }: Pick<Image, 'Name'>): string | undefined {
  const last = (path: string) => path.split('/').at(-1) ?? ''
  return Object.entries(IMAGES).find(([, { name }]) => last(Name).startsWith(last(name).replace('*', '')))?.[0]
}

export function newest(images: Image[]): Image | undefined {
  return images.toSorted((a, b) => ((a.CreationDate ?? '') < (b.CreationDate ?? '') ? 1 : -1))[0]
}
