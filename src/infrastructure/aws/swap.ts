import type { Instance } from './findings.ts'
import { TAGS } from './tags.ts'

/** A machine that was made for another one while both live. */
export type Swap = {
  old: Instance
  by: Instance
  /** The new one has proven itself, and the old one goes. */
  isGivenUp: boolean
}

/**
 * The replacement that was begun and not finished, as the tags tell it. A stack has an odd number of nodes: where it has
 * one now, another machine was lost meanwhile, and the new one stands for that. Pure.
 */
export function swapOf(instances: Instance[]): Swap | undefined {
  if (instances.length % 2 === 1) return undefined
  const [swap] = instances.flatMap((by) => {
    const old = instances.find(({ id }) => id === by.tags[TAGS.replaces])
    return old === undefined ? [] : [{ old, by, isGivenUp: old.tags[TAGS.leaving] === by.id }]
  })
  return swap
}

/** The one of both that goes when nobody goes on with the replacement. */
export function oddOne({ old, by, isGivenUp }: Swap): string {
  return isGivenUp ? old.name : by.name
}
