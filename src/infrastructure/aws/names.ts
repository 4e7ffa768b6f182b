import { createHash } from 'node:crypto'
import type { StackId } from '../../node.ts'

/** The ports the load balancer forwards, each with a listener and a target group of its own. */
export type Port = 80 | 443 | 6443

/** How everything of a stack is called in its account and region. */
export type Names = {
  prefix: string
  nodesGroup: string
  balancerGroup: string
  /** Stands only while a run holds the claim. */
  claimGroup: string
  balancer: string
  targetGroup(port: Port): string
  instance(node: string): string
}

/** Of a name for people, what fits before the hash. */
const READABLE = 11

/**
 * Names hold a hash of owner, stack and region: equal stack names of two owners never meet. Load balancers and target
 * groups may have 32 characters, so the readable part of theirs is cut, the hash never is.
 */
export function namesOf({ name, owner }: Pick<StackId, 'name' | 'owner'>, region: string): Names {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, name, region]))
    .digest('hex')
    .slice(0, 10)
  const prefix = `rancher-ha-${name}-${hash}`
  const short = `rha-${name.slice(0, READABLE).replace(/-+$/, '')}-${hash}`
  return {
    prefix,
    nodesGroup: `${prefix}-nodes`,
    balancerGroup: `${prefix}-balancer`,
    claimGroup: `${prefix}-claim`,
    balancer: short,
    targetGroup: (port) => `${short}-${port}`,
    instance: (node) => `${prefix}-${node}`,
  }
}

/** Names of the nodes of a stack of this size. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`)
}

/** "node-2" before "node-10". */
export function byNumber(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true })
}
