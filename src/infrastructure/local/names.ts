import { createHash } from 'node:crypto'
import type { RunId, StackId } from '../../node.ts'

/** Label keys; values are strings. What carries `stack` and `owner` of ours is ours, whatever its name. */
export const LABELS = {
  stack: 'rancher-ha/stack',
  owner: 'rancher-ha/owner',
  ownerName: 'rancher-ha/owner-name',
  run: 'rancher-ha/run',
  created: 'rancher-ha/created',
  expires: 'rancher-ha/expires',
} as const

export type Labels = Record<string, string>

/** How everything of a stack is called on this machine. */
export type Names = {
  prefix: string
  network: string
  /** Container of a machine ("node-1", "lb"). */
  container(machine: string): string
  /** Volume that is the machine's /var. */
  volume(machine: string): string
  /** The machine a container or volume of this stack belongs to; undefined for any other name. */
  machine(resource: string): string | undefined
}

/** The machine that balances; all others are nodes. */
export const BALANCER = 'lb'

/** A name holds a hash of owner and stack, so that equal stack names of two owners never meet in a resource. */
export function namesOf({ name, owner }: Pick<StackId, 'name' | 'owner'>): Names {
  const prefix = `rancher-ha-${name}-${stackHash({ name, owner }).toString('hex').slice(0, 8)}`
  return {
    prefix,
    network: `${prefix}-net`,
    container: (machine) => `${prefix}-${machine}`,
    volume: (machine) => `${prefix}-${machine}-var`,
    machine: (resource) =>
      resource.startsWith(`${prefix}-`)
        ? /^(lb|node-[1-9]\d*)(?:-var)?$/.exec(resource.slice(prefix.length + 1))?.[1]
        : undefined,
  }
}

/** SHA-256 over owner and name: where all that must be stable and peculiar to a stack comes from. */
export function stackHash({ name, owner }: Pick<StackId, 'name' | 'owner'>): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([owner, name]))
    .digest()
}

export function labelsOf(stack: StackId, run: RunId, created: Date, expires: string | undefined): Labels {
  return {
    [LABELS.stack]: stack.name,
    [LABELS.owner]: stack.owner,
    [LABELS.ownerName]: stack.ownerName,
    [LABELS.run]: `${run.id}/${run.attempt}`,
    [LABELS.created]: created.toISOString(),
    ...(expires !== undefined && { [LABELS.expires]: expires }),
  }
}

/** Stack and owner equal ours. */
export function isOurs(labels: Labels, { name, owner }: Pick<StackId, 'name' | 'owner'>): boolean {
  return labels[LABELS.stack] === name && labels[LABELS.owner] === owner
}

/** Our resource of this name; undefined when there is none, or none of ours. */
export function findOurs<T extends { name: string; labels: Labels }>(
  all: T[],
  name: string,
  stack: Pick<StackId, 'name' | 'owner'>,
): T | undefined {
  return all.find((resource) => resource.name === name && isOurs(resource.labels, stack))
}

/** The number of a node ("node-2" → 2). */
export function nodeNumber(machine: string): number {
  return Number(machine.replace('node-', ''))
}

/** Names of the nodes of a stack of this size. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`)
}
