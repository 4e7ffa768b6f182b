import type { Port } from './names.ts'
import type { Tags } from './tags.ts'

/** What this provider finds of a stack, beside the facts every provider has. Plain data. */
export type AwsFindings = {
  region: string
  /** Where new things go; undefined when nothing new is asked for, or no place was found (then a refusal says why). */
  place: Place | undefined
  /** What new nodes are made from; looked up only while nodes are missing. */
  mould: Mould | undefined
  groups: { nodes: Group | undefined; balancer: Group | undefined }
  /** What of the running machines is to be something else, and what it takes to make it. */
  renewal: Renewal
  /** Machines that live, by name; of two with one name the one that got further stands here. */
  instances: Instance[]
  /** Machines a name has twice, never finished. */
  strays: Instance[]
  /** Ids of machines that ended, by the name they had. */
  ended: Record<string, string[]>
  balancer: Balancer | undefined
  targetGroups: TargetGroup[]
  record: RecordFindings
}

export type Subnet = { id: string; zone: string }

export type Place = {
  vpc: string
  cidr: string
  /** One a zone, by zone. */
  subnets: Subnet[]
}

export type Mould = {
  image: { id: string; rootDevice: string }
  /** In the order they are tried, each with the zones it is offered in. */
  types: { name: string; zones: string[] }[]
}

export type Renewal = {
  /** Where new machines go; undefined when none is to be made. */
  place: Place | undefined
  /** By name. */
  unlike: Unlike[]
}

/** A machine that runs something else than was asked for. */
export type Unlike = {
  node: string
  /** For people ("m5.xlarge → m6i.xlarge"). */
  changes: string[]
  /** What the machine that comes for it is made of; undefined where nothing is replaced. */
  mould: Mould | undefined
  /** Size of its own disk, in GiB; 0 where it is not known. */
  diskGib: number
}

export type Group = {
  id: string
  vpc: string
  tags: Tags
  rules: GroupRule[]
}

/** A rule for what comes in. `key` as in ports.ts; a rule of another form has its id for a key. */
export type GroupRule = {
  id: string
  key: string
  /** Runs that need it, and when each has ended at the latest. */
  doors: Tags
}

export type Instance = {
  id: string
  name: string
  state: 'pending' | 'running' | 'stopping' | 'stopped'
  type: string
  image: string
  zone: string
  privateAddress: string
  publicAddress: string | undefined
  groups: string[]
  launchedAt: string
  tags: Tags
}

export type Balancer = {
  arn: string
  dnsName: string
  /** The zone alias records to it name. */
  zoneId: string
  state: string
  scheme: string
  groups: string[]
  crossZone: boolean
  tags: Tags
  listeners: { arn: string; port: number; protocol: string; targetGroup: string | undefined }[]
}

export type TargetGroup = {
  port: Port
  arn: string
  vpc: string
  /** Whether its health checks and attributes are as wanted. */
  checked: boolean
  attributed: boolean
  targets: { id: string; health: string }[]
}

export type RecordFindings = {
  hostname: string
  /** The hosted zone; undefined when there is none for the name. */
  zone: { id: string; name: string } | undefined
  /** Records the name has: ours is an alias to a load balancer of this stack. */
  found: { type: string; target: string | undefined; ours: boolean; targetZone: string | undefined }[]
}
