import type { ListedSnapshot, Manifest } from './snapshot.ts'

type Named = Pick<ListedSnapshot, 'stack' | 'clusterUid' | 'takenAt' | 'run' | 'keys' | 'rancherKeys' | 'doubted'>

/** Endings of a stored file: plain, and encrypted with age. */
const PLAIN = '.tar'
const ENCRYPTED = '.tar.age'

const PATTERN =
  /^(?<stack>[a-z][a-z0-9-]*)_(?<uid>[0-9a-f-]{36})_(?<at>\d{8}T\d{6}Z)_(?<run>[A-Za-z0-9-]+)_(?<keys>\d+)-(?<rancher>\d+)(?<doubt>_doubted)?$/

/**
 * A snapshot's name tells all that retention and comparison go by, for a backup holds nothing that opens the ones
 * before it. Unique by run and time; of characters that every place takes.
 */
export function renderName({ stack, clusterUid, takenAt, run, keys, rancherKeys, doubted }: Named): string {
  return `${stack}_${clusterUid}_${renderTime(takenAt)}_${run}_${keys}-${rancherKeys}${doubted ? '_doubted' : ''}`
}

/** @returns undefined for a name that is not of a snapshot */
export function parseName(name: string): Named | undefined {
  const groups = PATTERN.exec(name)?.groups
  const takenAt = parseTime(groups?.['at'] ?? '')
  if (groups === undefined || takenAt === undefined) return undefined
  const { stack = '', uid: clusterUid = '', run = '', keys, rancher, doubt } = groups
  const doubted = doubt !== undefined
  return { stack, clusterUid, takenAt, run, keys: Number(keys), rancherKeys: Number(rancher), doubted }
}

/** The name of a stored file. */
export function fileName({ name }: Pick<Manifest, 'name'>, encrypted: boolean): string {
  return `${name}${encrypted ? ENCRYPTED : PLAIN}`
}

/** @returns what the name of a stored file tells; undefined for a file that is no snapshot of ours */
export function parseFileName(file: string): (Named & Pick<ListedSnapshot, 'name' | 'encrypted'>) | undefined {
  const encrypted = file.endsWith(ENCRYPTED)
  if (!encrypted && !file.endsWith(PLAIN)) return undefined
  const name = file.slice(0, -(encrypted ? ENCRYPTED : PLAIN).length)
  const named = parseName(name)
  return named && { ...named, name, encrypted }
}

/** "20260102T030405Z": seconds, in UTC, so that names sort by time. */
export function renderTime(time: Date): string {
  return `${time.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`
}

function parseTime(text: string): Date | undefined {
  const time = new Date(text.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
  return Number.isNaN(time.getTime()) || renderTime(time) !== text ? undefined : time
}
