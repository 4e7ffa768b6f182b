import type { Report, Table } from '../report/report.ts'
import type { Target } from './restore-source.ts'
import type { Seen } from './seen.ts'
import type { StackCase } from './stack-case.ts'
import { describeCase } from './stack-case.ts'

/** What a person must know before saying yes: which snapshot it is, how old, whose, and what would be lost. */
export function tellRestore(report: Report, table: Table): void {
  for (const [name, value] of table.rows) report.line(`${name}: ${value}`)
  report.table(table)
}

/** Pure. @param strategy as a person is told it */
export function describeRestore(strategy: string, target: Target, found: StackCase, seen: Seen, now: Date): Table {
  const { manifest, source, hostname, nodeCount } = target
  const takenAt = source === undefined ? undefined : new Date(source.takenAt)
  const rows: [string, string | undefined][] = [
    ['Found', describeCase(found).what],
    ['Strategy', strategy],
    ['Snapshot', snapshotOf(target)],
    ['Taken', takenAt && `${takenAt.toISOString()}, ${formatAge(now.getTime() - takenAt.getTime())} ago`],
    ['Signed by', signerOf(target)],
    ['Cluster', clusterOf(target, seen)],
    ['Rancher', manifest && (manifest.versions.rancher ?? 'unknown')],
    ['Kubernetes', manifest && (manifest.versions.kubernetes ?? 'unknown')],
    ['Answers to', hostname],
    ['Nodes', String(nodeCount)],
    ['Would be lost', lossOf(target, seen)],
    ['Doubted', manifest?.doubt === undefined ? undefined : `it holds ${manifest.doubt}`],
  ]
  const told = rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return { title: 'Restore', header: ['', ''], rows: told }
}

function snapshotOf({ strategy, source }: Target): string {
  if (source !== undefined) return source.from
  return strategy.kind === 'nothing' ? 'none' : 'what the survivors know, to be saved first'
}

function signerOf({ strategy, signer, manifest }: Target): string | undefined {
  if (manifest === undefined) return strategy.kind === 'continue' ? 'verified when it was put on the nodes' : undefined
  return signer === undefined ? 'nobody who was asked for: unsigned was said' : `${signer}, as expected`
}

function clusterOf({ clusterUid }: Target, { cluster, infrastructure }: Seen): string | undefined {
  if (clusterUid === undefined) return undefined
  const before = cluster.uid ?? infrastructure.memory.clusterUid
  return before === undefined ? `${clusterUid}; nobody remembers another` : `${clusterUid}, the same as this stack's`
}

/** In revisions where both ends are known: each write of Kubernetes is one. */
function lossOf({ strategy, source, manifest }: Target, { cluster }: Seen): string {
  if (strategy.kind === 'nothing') return 'nothing'
  if (strategy.kind === 'survivor') return 'only what no survivor had written down'
  const revisions = cluster.etcd.flatMap(({ revision }) => revision ?? [])
  const since = source === undefined ? '' : ` since ${source.takenAt}`
  if (manifest === undefined || revisions.length === 0) return `all that was written${since}`
  const now = Math.max(...revisions)
  const lost = now - manifest.etcd.revision
  return lost <= 0
    ? `nothing: what stands ends at revision ${now}, the snapshot at ${manifest.etcd.revision}`
    : `all that was written${since}: ${lost} revisions, from ${manifest.etcd.revision} to ${now}`
}

/** "3 h 5 min"; the two largest units that count. */
export function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`
}
