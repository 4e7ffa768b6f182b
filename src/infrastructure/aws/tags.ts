import type { RunId, StackId } from '../../node.ts'

/** Tag keys; what carries `stack` and `owner` of ours is ours, whatever its name. */
export const TAGS = {
  stack: 'rancher-ha/stack',
  owner: 'rancher-ha/owner',
  ownerName: 'rancher-ha/owner-name',
  run: 'rancher-ha/run',
  created: 'rancher-ha/created',
  expires: 'rancher-ha/expires',
  /** UID of the cluster, once there is one. */
  cluster: 'rancher-ha/cluster',
  hostname: 'rancher-ha/hostname',
  /** The hosted zone our record stands in. */
  zone: 'rancher-ha/zone',
  node: 'rancher-ha/node',
  /** Public half of the host key the machine made itself. */
  hostKey: 'rancher-ha/host-key',
  /** Public half of the throw-away host key; gone once the machine has its own. */
  firstHostKey: 'rancher-ha/first-host-key',
  /** Of a machine made for another one: the id of that one. */
  replaces: 'rancher-ha/replaces',
  /** Of a machine that is given up: the id of the one that was made for it, and has proven itself. */
  leaving: 'rancher-ha/leaving',
  /** Of the claim: whose it is, and when it was last renewed. */
  holder: 'rancher-ha/holder',
  renewed: 'rancher-ha/renewed',
} as const

/** "rancher-ha/door/<run>" = when that run ends at the latest. */
export const DOOR_PREFIX = 'rancher-ha/door/'

export type Tags = Record<string, string>
export type AwsTag = { Key?: string | undefined; Value?: string | undefined }

/** What every resource of a stack is made with; the user's own tags (input `aws-tags`) never replace ours. */
export function tagsOf(
  stack: StackId,
  run: RunId,
  { created, expires, extra }: { created: Date; expires: Date | undefined; extra: Tags },
): Tags {
  return {
    ...extra,
    [TAGS.stack]: stack.name,
    [TAGS.owner]: stack.owner,
    [TAGS.ownerName]: stack.ownerName,
    [TAGS.run]: `${run.id}/${run.attempt}`,
    [TAGS.created]: created.toISOString(),
    ...(expires && { [TAGS.expires]: expires.toISOString() }),
  }
}

export function toAws(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

export function fromAws(tags: AwsTag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
}

/** Stack and owner equal ours. */
export function isOurs(tags: Tags, { name, owner }: Pick<StackId, 'name' | 'owner'>): boolean {
  return tags[TAGS.stack] === name && tags[TAGS.owner] === owner
}

/** The filter that finds everything that carries a stack's name, whoever owns it. */
export function stackFilter(name: string): { Name: string; Values: string[] }[] {
  return [{ Name: `tag:${TAGS.stack}`, Values: [name] }]
}
