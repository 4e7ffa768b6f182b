import type { StackId } from '../node.ts'

/** What the comment or issue of a stack remembers between runs, unseen by the reader. */
export type Kept = { stack: string; owner: string; kind: string; past: PastRun[] }

/** One earlier run, in a line. */
export type PastRun = { at: string; what: string; url: string }

const PATTERN = /<!-- rancher-ha ([A-Za-z0-9_-]+) -->\s*$/

/** @param kind what it is the mark of ("preview", "backup-failed") */
export function renderMarker(kept: Kept): string {
  return `<!-- rancher-ha ${Buffer.from(JSON.stringify(kept)).toString('base64url')} -->`
}

/** What stands in a text that carries our mark at its end; undefined when there is none, or it is another stack's. */
export function readMarker(
  text: string,
  kind: string,
  { name, owner }: Pick<StackId, 'name' | 'owner'>,
): Kept | undefined {
  const found = PATTERN.exec(text)?.[1]
  if (found === undefined) return undefined
  try {
    const value = JSON.parse(Buffer.from(found, 'base64url').toString()) as Partial<Kept> | null
    if (value?.kind !== kind || value.stack !== name || value.owner !== owner) return undefined
    return { stack: name, owner, kind, past: (Array.isArray(value.past) ? value.past : []).filter(isPastRun) }
  } catch {
    return undefined
  }
}

function isPastRun(value: unknown): value is PastRun {
  if (typeof value !== 'object' || value === null) return false
  const { at, what, url } = value as Record<string, unknown>
  return typeof at === 'string' && typeof what === 'string' && typeof url === 'string'
}
