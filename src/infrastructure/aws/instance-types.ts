import type { _InstanceType, InstanceTypeInfo } from '@aws-sdk/client-ec2'
import type { Refusal } from '../../errors.ts'
import type { AwsContext } from './context.ts'
import { awsCode } from './errors.ts'
import type { Mould, Place } from './findings.ts'
import { ARCHITECTURE } from './image.ts'
import { type Found, refuse } from './where.ts'

/** Below this etcd, a control plane and Rancher do not fit on one node. @see Rancher, "Installation Requirements" */
const LEAST = { cpus: 2, memoryMib: 4096 - 256 }

/** The types asked for, in their order, with the zones of the place they are offered in. */
export async function findTypes(
  { aws, settings }: AwsContext,
  place: Place,
  asked = settings.instanceTypes,
): Promise<Found<Mould['types']>> {
  const InstanceTypes = asked as _InstanceType[]
  let infos: InstanceTypeInfo[]
  try {
    infos = (await aws.ec2.describeInstanceTypes({ InstanceTypes })).InstanceTypes ?? []
  } catch (thrown) {
    if (awsCode(thrown) !== 'InvalidInstanceType') throw thrown
    const what = `expected types of ${settings.region}, got one it does not know among ${asked.join(', ')}.`
    return { refusals: [refuse('aws-instance-type', what, NEXT)] }
  }
  const { InstanceTypeOfferings } = await aws.ec2.describeInstanceTypeOfferings({
    LocationType: 'availability-zone',
    Filters: [{ Name: 'instance-type', Values: asked }],
  })
  const offered = (InstanceTypeOfferings ?? []).map(({ InstanceType, Location = '' }) => ({
    type: String(InstanceType),
    zone: Location,
  }))
  return judgeTypes(asked, infos, offered, place)
}

const NEXT = 'Set aws-instance-type to 64-bit x86 types of at least 2 CPUs and 4 GiB, one a line, in the order to try.'

/** Pure: which types may be tried where, and what is wrong with the others. */
export function judgeTypes(
  asked: string[],
  infos: InstanceTypeInfo[],
  offered: { type: string; zone: string }[],
  { subnets }: Place,
): Found<Mould['types']> {
  const refusals: Refusal[] = []
  const types = asked.map((name) => {
    const info = infos.find(({ InstanceType }) => InstanceType === name)
    const problem = info === undefined ? 'is not known' : problemOf(info)
    if (problem !== undefined) refusals.push(refuse('aws-instance-type', `${name} ${problem}.`, NEXT))
    const here = subnets.map(({ zone }) => zone)
    return { name, zones: here.filter((zone) => offered.some((one) => one.type === name && one.zone === zone)) }
  })
  if (refusals.length > 0) return { refusals }
  if (types.some(({ zones }) => zones.length > 0)) return { found: types.filter(({ zones }) => zones.length > 0) }
  const zones = subnets.map(({ zone }) => zone).join(', ')
  return { refusals: [refuse('aws-instance-type', `${asked.join(', ')} is offered in none of ${zones}.`, NEXT)] }
}

function problemOf({ ProcessorInfo, VCpuInfo, MemoryInfo }: InstanceTypeInfo): string | undefined {
  const architectures: string[] = ProcessorInfo?.SupportedArchitectures ?? []
  if (!architectures.includes(ARCHITECTURE)) return `is for ${architectures.join(', ')}, not ${ARCHITECTURE}`
  const cpus = VCpuInfo?.DefaultVCpus ?? 0
  const memoryMib = MemoryInfo?.SizeInMiB ?? 0
  if (cpus >= LEAST.cpus && memoryMib >= LEAST.memoryMib) return undefined
  return `has ${cpus} CPUs and ${memoryMib} MiB, less than 2 CPUs and 4 GiB`
}
