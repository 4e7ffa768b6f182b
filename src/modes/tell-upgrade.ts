import type { Replacement } from '../infrastructure/infrastructure.ts'
import type { RancherFacts } from '../rancher/facts.ts'
import type { Report } from '../report/report.ts'
import type { UpgradeSettings } from '../settings.ts'
import { formatPlace } from '../snapshots/places.ts'
import type { Leg } from '../versions/path.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

type Told = Pick<Report, 'line' | 'table'>

/** The path, what each leg changes and interrupts, and what can be gone back to: in the log and in the summary. */
export function tellUpgrade(
  report: Told,
  { path: { legs, running }, replacements }: Pick<WantedUpgrade, 'path' | 'replacements'>,
  settings: UpgradeSettings,
): void {
  const { kubernetes, rancher, 'cert-manager': certManager } = running
  const runs = [
    `Kubernetes ${kubernetes ?? 'unknown'}`,
    `Rancher ${rancher ?? 'none'}`,
    `cert-manager ${certManager ?? 'none'}`,
  ]
  report.line(`Running: ${runs.join(', ')}`)
  const begun = replacements.filter(({ state }) => state !== 'to-come')
  const others = replacements.filter(({ state }) => state === 'to-come')
  const parts = [...begun.map(rowOf), ...legs.map((leg) => [nameOf(leg), ...effectOf(leg)]), ...others.map(rowOf)]
  if (parts.length === 0) {
    report.line('Nothing is to be upgraded.')
    return
  }
  const rows = parts.map((part, at) => [`${at + 1}`, ...part])
  for (const [number, name, changes, interruption] of rows) {
    report.line(`${number}. ${name}: ${changes} Interruption expected: ${interruption}`)
  }
  report.table({ title: 'Path', header: ['', 'What', 'It changes', 'Interruption expected'], rows })
  report.table({ title: 'Point of return', header: ['', ''], rows: wayBack(settings) })
}

/** What this Rancher manages, as it stood before anything was changed. */
export function tellDownstream(report: Told, { downstream: { clusters } }: Pick<RancherFacts, 'downstream'>): void {
  if (clusters.length === 0) return
  const rows = clusters.map(({ id, name, kubernetesVersion, notTrue }) => [
    name,
    id,
    kubernetesVersion ?? 'unknown',
    notTrue.length === 0 ? 'none' : notTrue.join(', '),
  ])
  report.table({
    title: 'Downstream clusters before',
    header: ['Name', 'Id', 'Kubernetes', 'Conditions not true'],
    rows,
  })
}

/** What replaces a node, and what its users notice. */
function rowOf({ node, by, changes, state }: Replacement): string[] {
  const how = state === 'to-come' ? changes.join(', ') : 'begun by an earlier run'
  return [
    `${node} gives way to ${by}`,
    `${how}; the new machine joins and is proven before the old one is drained and leaves.`,
    'none for new requests: Rancher moves replica by replica; a connection kept open to the old node is closed once.',
  ]
}

function nameOf(leg: Leg): string {
  if (leg.kind === 'certificates') return 'Certificates of the cluster'
  const name = { kubernetes: 'Kubernetes', rancher: 'Rancher', 'cert-manager': 'cert-manager' }[leg.kind]
  return leg.from === leg.to ? `${name} ${leg.to}, its settings` : `${name} ${leg.from} → ${leg.to}`
}

/** What a leg changes, and what its users notice. */
function effectOf({ kind }: Leg): [string, string] {
  switch (kind) {
    case 'certificates':
      return [
        'New certificates from the same CA; kubeconfigs go on working.',
        'none for Rancher; each API server restarts once.',
      ]
    case 'kubernetes':
      return [
        'etcd, control plane and kubelet of each node, one node after the other; its pods move while it is drained.',
        'none for new requests; a connection kept open to a pod of the drained node is closed once.',
      ]
    case 'cert-manager':
      return [
        'Its deployments and kinds.',
        'none for Rancher; a certificate due in that minute is issued a little later.',
      ]
    case 'rancher':
      return [
        'Its release, replica by replica; its data is migrated by Rancher itself.',
        'none for new requests: two replicas stay ready; agents and open pages connect again.',
      ]
  }
}

function wayBack({ snapshots, verify, onFailure, restoreWindowMs }: UpgradeSettings): string[][] {
  const tried = verify === 'restore' ? ', restored into a scratch etcd and counted' : ''
  const minutes = Math.round(restoreWindowMs / 60_000)
  return [
    ['Taken', 'before the first change, on every node (root-only)'],
    ['Kept in', snapshots.places.map(formatPlace).join(', ')],
    ['Verified', `etcd's own SHA-256, every key, the CA of the running cluster${tried}`],
    [
      'When it does not work out',
      onFailure === 'keep'
        ? 'it is left as it stands (on-failure: keep)'
        : `as little as cures is put back; data only within ${minutes} min of the snapshot (restore-window)`,
    ],
  ]
}
