import { asStackError } from '../errors.ts'
import type { Report } from '../report/report.ts'
import { rancherKeys } from '../snapshots/etcd-snapshot.ts'
import { formatPlace } from '../snapshots/places.ts'
import type { KeptSnapshot, ListedSnapshot, Snapshots } from '../snapshots/snapshot.ts'

/** Outputs and summary of a snapshot that was stored, in one place at least. */
export function tellKept(report: Report, kept: KeptSnapshot): void {
  const { manifest, copies, sha256, sizeBytes, signer } = kept
  report.output('snapshot-name', manifest.name)
  report.output('snapshot-sha256', sha256)
  report.output('snapshot-size', String(sizeBytes))
  report.output('snapshot-revision', String(manifest.etcd.revision))
  report.output('snapshot-signer', signer)
  for (const copy of copies) {
    if (!copy.ok) continue
    if (copy.place.kind === 'artifact') report.output('snapshot-artifact-id', copy.ref)
    if (copy.place.kind === 'file') report.output('snapshot-path', copy.ref)
    if (copy.url !== undefined) report.output('snapshot-url', copy.url)
  }
  for (const line of formatKept(kept)) report.line(line)
  report.table({ title: 'Snapshot', header: ['', ''], rows: describe(kept) })
}

/** What was removed, and what is there now. That it cannot be listed is no fault of the snapshot's. */
export async function tellListed(
  report: Pick<Report, 'line' | 'table' | 'warning'>,
  snapshots: Pick<Snapshots, 'list'>,
  removed: ListedSnapshot[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name, place } of removed) report.line(`Removed ${name} from ${formatPlace(place)}`)
  try {
    tellList(report, await snapshots.list(signal))
  } catch (thrown) {
    report.warning(`The kept snapshots could not be listed: ${asStackError(thrown).message}`)
  }
}

/** What is kept, in the summary. @param listed newest first */
export function tellList(report: Pick<Report, 'table'>, listed: ListedSnapshot[]): void {
  report.table({ title: 'Kept snapshots', header: ['Taken', 'Name', 'Where', 'Keys', 'Size'], rows: listed.map(rowOf) })
}

function rowOf({ name, place, takenAt, keys, rancherKeys: rancher, sizeBytes, doubted }: ListedSnapshot): string[] {
  return [
    takenAt.toISOString(),
    `${name}${doubted ? ' (doubted)' : ''}`,
    formatPlace(place),
    `${keys}, ${rancher} of them Rancher's`,
    formatSize(sizeBytes),
  ]
}

/** "12.3 MB". */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const [unit, size] = bytes < 1e6 ? ['kB', bytes / 1e3] : bytes < 1e9 ? ['MB', bytes / 1e6] : ['GB', bytes / 1e9]
  return `${size.toFixed(1)} ${unit}`
}

function formatKept({ manifest: { name, etcd, doubt }, copies }: KeptSnapshot): string[] {
  return [
    `${name}: revision ${etcd.revision}, ${etcd.keys} keys, ${rancherKeys(etcd)} of them Rancher's`,
    ...copies.map((copy) =>
      copy.ok ? `Stored in ${formatPlace(copy.place)}` : `NOT stored in ${formatPlace(copy.place)}: ${copy.why}`,
    ),
    ...(doubt === undefined ? [] : [`Doubted: it holds ${doubt}`]),
  ]
}

function describe({ manifest, copies, sha256, sizeBytes, signer, previous, restoredInMs }: KeptSnapshot): string[][] {
  const { versions, etcd } = manifest
  const verified = [
    "etcd's own SHA-256",
    'its tree and every key',
    'the UID, the CA and the revision of the running cluster',
    ...(previous === undefined ? [] : [`no great loss since ${previous.name}`]),
    ...(restoredInMs === undefined ? [] : [`restored and read back in ${(restoredInMs / 1000).toFixed(1)} s`]),
  ]
  const doubt = manifest.doubt === undefined ? [] : [['Doubted', `it holds ${manifest.doubt}`]]
  return [
    ['Name', manifest.name],
    ['Taken', manifest.takenAt.toISOString()],
    ['Cluster', manifest.clusterUid],
    ['Versions', `Rancher ${versions.rancher ?? 'unknown'}, Kubernetes ${versions.kubernetes ?? 'unknown'}`],
    ['Nodes', manifest.nodes.map(({ name }) => name).join(', ')],
    ['Revision', String(etcd.revision)],
    ['Keys', `${etcd.keys}, ${rancherKeys(etcd)} of them Rancher's`],
    ['Size', formatSize(sizeBytes)],
    ['SHA-256', sha256],
    ['Signed by', signer],
    ...doubt,
    ['Verified', verified.filter((text) => manifest.doubt === undefined || !text.startsWith('no great')).join('; ')],
    ...copies.map((copy) => [
      formatPlace(copy.place),
      copy.ok ? `stored: ${copy.url ?? copy.ref}` : `NOT stored: ${copy.why}`,
    ]),
  ]
}
