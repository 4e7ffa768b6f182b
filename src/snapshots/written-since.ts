import { type KeyState, readKeys } from './etcd-keys.ts'

/** One object of the API server's that is not what it was. */
export type Written = {
  /** As the API server files it ("management.cattle.io/clusters", "secrets", "deployments"). */
  kind: string
  namespace: string | undefined
  name: string
  how: 'made' | 'changed' | 'deleted'
  /** The revision of etcd it was written at; undefined for what is deleted, of which only the absence is seen. */
  revision: number | undefined
}

/**
 * What was written between two snapshots of the same cluster, object by object, from their keys alone: what is encrypted
 * at rest is seen too. An object that was deleted and made anew counts as made.
 *
 * @param before path of the older etcd snapshot
 * @param now path of the newer one
 * @throws StackError of kind `snapshot` when one of them is damaged
 */
export async function writtenSince(before: string, now: string): Promise<Written[]> {
  return compareKeys(await readKeys(before), await readKeys(now))
}

/** Pure. */
export function compareKeys(before: Map<string, KeyState>, now: Map<string, KeyState>): Written[] {
  const written: Written[] = []
  for (const [key, { created, modified }] of now) {
    const former = before.get(key)
    const how = former === undefined || former.created !== created ? 'made' : 'changed'
    if (former?.modified !== modified) written.push(...objectOf(key, how, modified))
  }
  for (const key of before.keys()) if (!now.has(key)) written.push(...objectOf(key, 'deleted', undefined))
  return written.toSorted((a, b) => compare(place(a), place(b)))
}

/** "/registry/KIND/[NAMESPACE/]NAME"; the kinds of custom resources begin with their group, services with a part of theirs. */
function objectOf(key: string, how: Written['how'], revision: number | undefined): Written[] {
  const [empty, registry, first, ...rest] = key.split('/')
  if (empty !== '' || registry !== 'registry' || !first) return []
  const takesTwo = first.includes('.') || first === 'services'
  const kind = takesTwo ? `${first}/${rest[0]}` : first
  const [one = '', two] = takesTwo ? rest.slice(1) : rest
  return [{ kind, namespace: two === undefined ? undefined : one, name: two ?? one, how, revision }]
}

function place({ kind, namespace = '', name }: Written): string {
  return `${kind}/${namespace}/${name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
