import type * as z from 'zod/mini'
import { parseCidr } from './cidr.ts'
import { Expected, parseBoolean, parseLines, parseOneOf } from './expected.ts'

type Given = <T>(parse: (value: string) => T) => z.ZodMiniOptional<z.ZodMiniType<T, string>>
type Or = <T>(value: NoInfer<T>, parse: (value: string) => T) => z.ZodMiniDefault<z.ZodMiniType<T, string>>

/** Small by Rancher's own sizing (4 CPUs, 16 GiB), in the order to try. */
export const DEFAULT_TYPES = ['m6i.xlarge', 'm5.xlarge', 't3.xlarge']

export const DEFAULT_IMAGE = 'debian-12'

const ADDRESSES = ['public', 'private'] as const
const SCHEMES = ['internal', 'internet-facing'] as const

/** Inputs of provider aws. */
export const aws = (given: Given, or: Or) => ({
  'aws-region': given(parseRegion),
  'aws-role': given(parseRole),
  'aws-vpc': given((value) => parseIdOrTag(value, 'vpc')),
  'aws-subnets': or([], (value) => parseWords(value).map((one) => parseIdOrTag(one, 'subnet'))),
  'aws-instance-type': given(parseTypes),
  'aws-image': given(parseImage),
  'aws-volume-size': or(40, parseVolumeSize),
  'aws-kms-key': given(parseKmsKey),
  'aws-hosted-zone': given(parseZone),
  'aws-address': or<(typeof ADDRESSES)[number]>('public', (value) => parseOneOf(value, ADDRESSES)),
  'aws-spot': or(false, parseBoolean),
  'aws-tags': or({}, parseTags),
})

/** Inputs of every provider that makes a load balancer and rules. */
export const clouds = (_given: Given, or: Or) => ({
  'load-balancer-scheme': or<(typeof SCHEMES)[number]>('internal', (value) => parseOneOf(value, SCHEMES)),
  'allowed-cidrs': or([], parseCidrs),
  'runner-cidr': or<'auto' | string[]>('auto', (value) => (value === 'auto' ? 'auto' : parseCidrs(value))),
  'api-listener': or(false, parseBoolean),
})

/** @throws Expected */
export function parseCidrs(text: string): string[] {
  return parseWords(text).map(parseCidr)
}

/** One a line, or several with blanks or commas between them. */
function parseWords(text: string): string[] {
  return parseLines(text)
    .flatMap((line) => line.split(/[\s,]+/))
    .filter((word) => word !== '')
}

function parseRegion(text: string): string {
  if (!/^[a-z]{2,3}(-[a-z]+)+-\d$/.test(text)) throw new Expected('a region such as eu-central-1')
  return text
}

function parseRole(text: string): string {
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(text)) {
    throw new Expected('the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME')
  }
  return text
}

/** @throws Expected */
export function parseIdOrTag(text: string, kind: 'vpc' | 'subnet'): string {
  const isId = new RegExp(`^${kind}-[0-9a-f]{8,17}$`).test(text)
  if (!isId && !/^[^=\s]+=\S+$/.test(text)) throw new Expected(`an id ${kind}-… or a tag Key=Value`, text)
  return text
}

function parseTypes(text: string): string[] {
  const types = parseWords(text)
  const strange = types.find((type) => !/^[a-z0-9-]+\.[a-z0-9-]+$/.test(type))
  if (strange !== undefined) throw new Expected('instance types such as m6i.xlarge', strange)
  return [...new Set(types)]
}

const SYSTEMS = ['debian-12', 'ubuntu-22.04', 'ubuntu-24.04']

function parseImage(text: string): string {
  if (!/^ami-[0-9a-f]{8,17}$/.test(text) && !SYSTEMS.includes(text.replace(/-latest$/, ''))) {
    throw new Expected(`an image id ami-…, or one of ${SYSTEMS.join(', ')}, with or without -latest behind it`)
  }
  return text
}

/** In GiB. */
function parseVolumeSize(text: string): number {
  const size = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (size < 20 || size > 16_384) throw new Expected('a size in GiB from 20 to 16384')
  return size
}

function parseKmsKey(text: string): string {
  if (!/^(arn:aws[a-z-]*:kms:\S+|alias\/\S+|[0-9a-f-]{36}|mrk-[0-9a-f]{32})$/.test(text)) {
    throw new Expected('a KMS key by id, ARN or alias')
  }
  return text
}

function parseZone(text: string): string {
  if (/^Z[A-Z0-9]{5,31}$/.test(text)) return text
  const name = text.toLowerCase().replace(/\.$/, '')
  if (!/^([a-z0-9_]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(name)) {
    throw new Expected('a hosted zone by id (Z…) or by name (example.org)')
  }
  return name
}

/** "Key=Value", one a line. Keys of ours and of AWS's own cannot be given. */
function parseTags(text: string): Record<string, string> {
  const pairs = parseLines(text).map((line) => {
    const at = line.indexOf('=')
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    const isFree = !/^(aws:|rancher-ha\/)/i.test(key) && key !== 'Name'
    if (at < 1 || !isFree || key.length > 128 || value.length > 256) {
      throw new Expected(
        'tags Key=Value, one a line, with keys that are neither Name nor begin with aws: or rancher-ha/',
        line,
      )
    }
    return [key, value] as const
  })
  return Object.fromEntries(pairs)
}
