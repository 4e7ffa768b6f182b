import type { Refusal } from '../errors.ts'
import { compareVersions, minorOf } from '../versions/version.ts'
import { isTree, type Values } from './values.ts'

type Removed = {
  path: string
  /** The first minor whose chart does not take it, or takes it otherwise. */
  since: string
  /** Whether the values as a whole are hit; by default whenever the path is set. */
  when?: (value: unknown, values: Values) => boolean
  why: string
  next: string
  source: string
}

/** Values that a later chart no longer knows, or silently reads otherwise. No schema of the chart refuses them. */
export const REMOVED: Removed[] = [
  {
    path: 'addLocal',
    since: '2.5',
    why: 'The cluster Rancher runs on is always shown.',
    next: 'Remove addLocal from the values.',
    source: 'Rancher 2.5 documentation, "Helm Chart Options"',
  },
  {
    path: 'restrictedAdmin',
    since: '2.11',
    when: (value) => value !== false,
    why: 'The role restricted-admin is gone.',
    next: 'Give its users another global role, then remove restrictedAdmin from the values.',
    source: 'Rancher 2.11 release notes, "Restricted Admin"',
  },
  {
    path: 'auditLog.level',
    since: '2.12',
    when: (value, values) => Number(value) > 0 && at(values, 'auditLog.enabled') !== true,
    why: 'Without auditLog.enabled nothing is logged any more, whatever the level.',
    next: 'Set auditLog.enabled: true in helm-values too.',
    source: 'Rancher 2.12 documentation, "Helm Chart Options": auditLog.enabled',
  },
]

/** What of the values the chart of the target no longer knows. Pure. */
export function refuseRemoved(values: Values, target: string): Refusal[] {
  return REMOVED.filter(({ path, since, when = () => true }) => {
    const value = at(values, path)
    return value !== undefined && compareVersions(minorOf(target), since) >= 0 && when(value, values)
  }).map(({ path, since, why, next }) => ({
    kind: 'preflight',
    subject: 'helm-values',
    what: `${path}: the chart of Rancher ${target} does not take it as it stands (since ${since}). ${why}`,
    next,
  }))
}

function at(values: Values, path: string): unknown {
  return path.split('.').reduce<unknown>((below, key) => (isTree(below) ? below[key] : undefined), values)
}
