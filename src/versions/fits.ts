import type { Refusal } from '../errors.ts'
import { type RancherRow, type Range, TABLE, TESTED, type ToolRow, type VersionTable } from './table.ts'
import { compareVersions, minorOf } from './version.ts'

/** Versions that are to go together. What is not known is left out and not judged. */
export type VersionSet = {
  rancher?: string | undefined
  /** "v1.32.6" or "v1.32.6-rancher1-1". */
  kubernetes?: string | undefined
  distribution?: string | undefined
  helm?: string | undefined
  certManager?: string | undefined
}

/** What of a set does not go together, each with what would; empty when it fits. Pure, no network. */
export function fits(set: VersionSet, table: VersionTable = TABLE): Refusal[] {
  const row = table.rancher.find(({ rancher }) => rancher === minorOf(set.rancher ?? ''))
  return [
    ...(set.rancher === undefined ? [] : rancherRefusals(set.rancher, row, set, table.rancher)),
    ...toolRefusals('helm-version', 'Helm', set.helm, set.kubernetes, table.helm),
    ...toolRefusals('cert-manager-version', 'cert-manager', set.certManager, set.kubernetes, table.certManager),
  ]
}

function rancherRefusals(version: string, row: RancherRow | undefined, set: VersionSet, rows: RancherRow[]): Refusal[] {
  if (row === undefined) return [unknownRancher(version, rows)]
  const { kubernetes, distribution, helm } = set
  const refusals: Refusal[] = []
  if (distribution !== undefined && !row.distributions.includes(distribution)) {
    refusals.push(wrongDistribution(version, distribution, rows))
  }
  if (kubernetes !== undefined && !isWithin(kubernetes, row.kubernetes)) {
    refusals.push(wrongKubernetes(version, kubernetes, row, rows))
  }
  if (helm !== undefined && row.helmMin !== undefined && compareVersions(minorOf(helm), row.helmMin) < 0) {
    refusals.push({
      kind: 'input',
      subject: 'helm-version',
      what: `Rancher ${version} needs Helm ${row.helmMin} or newer, got ${helm}.`,
      next: `Set helm-version to ${row.helmMin} or newer.`,
    })
  }
  return refusals
}

function toolRefusals(
  subject: string,
  name: string,
  version: string | undefined,
  kubernetes: string | undefined,
  rows: ToolRow[],
): Refusal[] {
  if (version === undefined || kubernetes === undefined) return []
  const fitting = rows.filter((row) => isWithin(kubernetes, row.kubernetes)).map(({ minor }) => minor)
  if (fitting.includes(minorOf(version))) return []
  const would = fitting.length === 0 ? 'none that is known' : fitting.join(', ')
  return [
    {
      kind: 'input',
      subject,
      what: `${name} ${version} does not go with Kubernetes ${kubernetes}; these do: ${would}.`,
      next: fitting.length === 0 ? 'Set another kubernetes-version.' : `Set ${subject} to one of ${would}.`,
    },
  ]
}

function isWithin(version: string, { min, max }: Range): boolean {
  const minor = minorOf(version)
  return compareVersions(minor, min) >= 0 && compareVersions(minor, max) <= 0
}

function unknownRancher(version: string, rows: RancherRow[]): Refusal {
  const known = rows.map(({ rancher }) => rancher)
  return {
    kind: 'input',
    subject: 'rancher-version',
    what: `Rancher ${version} is not in the table of known sets (${known[0]} to ${known.at(-1)}).`,
    next: `Set rancher-version to one of these minors, for example ${TESTED.rancher}.`,
  }
}

function wrongDistribution(version: string, distribution: string, rows: RancherRow[]): Refusal {
  const last = rows.findLast(({ distributions }) => distributions.includes(distribution))
  const until = last === undefined ? '' : ` The last one that does is ${last.rancher}.`
  return {
    kind: 'input',
    subject: 'rancher-version',
    what: `Rancher ${version} does not run on distribution ${distribution}.${until}`,
    next: `Set rancher-version to ${TESTED.rancher} (the tested set), or choose another distribution.`,
  }
}

function wrongKubernetes(
  version: string,
  kubernetes: string,
  { kubernetes: range }: RancherRow,
  rows: RancherRow[],
): Refusal {
  const takers = rows.filter((row) => isWithin(kubernetes, row.kubernetes)).map(({ rancher }) => rancher)
  const other = takers.length === 0 ? '' : `, or rancher-version to ${takers.join(' or ')}`
  return {
    kind: 'input',
    subject: 'kubernetes-version',
    what: `Rancher ${version} runs on Kubernetes ${range.min} to ${range.max}, got ${kubernetes}.`,
    next: `Set kubernetes-version to one of ${range.min} to ${range.max}${other}.`,
  }
}
