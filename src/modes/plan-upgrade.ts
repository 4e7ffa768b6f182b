import type { UpgradeSettings } from '../settings.ts'
import { formatPlace } from '../snapshots/places.ts'
import type { Place } from '../snapshots/snapshot.ts'
import type { Change, Step } from '../steps.ts'
import type { Leg } from '../versions/path.ts'
import { compareVersions } from '../versions/version.ts'
import type { Seen } from './seen.ts'
import type { UpgradePath } from './upgrade-path.ts'

/** What the steps of an upgrade tell who carries them out: names and versions; everything else is read when it is done. */
export type UpgradeChange = Change &
  (
    | { room: 'snapshots'; kind: 'point-of-return' }
    | { room: 'kubernetes'; kind: 'rotate-certificates' }
    | { room: 'kubernetes'; kind: 'upgrade-images'; node: string; version: string }
    | { room: 'kubernetes'; kind: 'upgrade-cluster'; version: string }
    | { room: 'kubernetes'; kind: 'keep-asked' }
    | { room: 'rancher'; kind: 'upgrade-cert-manager'; version: string }
    | { room: 'rancher'; kind: 'upgrade-rancher'; version: string }
    /** The recommended architecture, several times in a row. */
    | { room: 'modes'; kind: 'prove-between' }
  )

export type UpgradeWishes = {
  /** A leg from a version to itself brings other settings, or finishes what was begun. */
  legs: Leg[]
  /** Names of the nodes, which get the images of a Kubernetes leg beforehand. */
  nodes: string[]
  places: Place[]
  verify: 'hash' | 'restore'
  /** Whether the stack remembers what runs as what was asked: false after a run that was ended before it said so. */
  remembered: boolean
}

const MINUTE_MS = 60_000

/** The steps from what was seen along a path. Pure. */
export function stepsOf(
  { snapshots, verify }: Pick<UpgradeSettings, 'snapshots' | 'verify'>,
  { infrastructure, cluster }: Seen,
  { legs, target, isBegun }: UpgradePath,
): Step[] {
  const { kubernetesVersion, rancherVersion } = cluster.asked ?? {}
  const isRancherKept = target.rancher === undefined || compareVersions(rancherVersion ?? '', target.rancher) === 0
  const nodes = infrastructure.nodes.map(({ name }) => name)
  const remembered = !isBegun && kubernetesVersion === target.kubernetes && isRancherKept
  return planUpgrade({ legs, nodes, places: snapshots.places, verify, remembered })
}

/** The steps of an upgrade: what stands in one group runs together, after the group before it. Empty when there is nothing to do. Pure. */
export function planUpgrade(wishes: UpgradeWishes): Step[] {
  const { legs, remembered } = wishes
  if (legs.length === 0 && remembered) return []
  const groups = [
    ...(legs.length === 0 ? [[prove('prove-again')]] : [[pointOfReturn(wishes)]]),
    ...legs.flatMap((leg) => [...legGroups(leg, wishes), [prove(`prove-after-${idOf(leg)}`)]]),
    [step('keep-asked', 'Keep on every node what was asked', 5, { room: 'kubernetes', kind: 'keep-asked' })],
  ]
  return groups.flatMap((group, at) => {
    const needs = (groups[at - 1] ?? []).map(({ id }) => id)
    return group.map((one) => ({ ...one, needs }))
  })
}

function pointOfReturn({ places, verify }: UpgradeWishes): Step {
  const tried = verify === 'restore' ? 'Take a snapshot, restore it on trial' : 'Take a snapshot, verify it'
  const title = `${tried}, and store it in ${places.map(formatPlace).join(', ')}: the point of return`
  return step('point-of-return', title, 150, { room: 'snapshots', kind: 'point-of-return' })
}

function prove(id: string): Step {
  const change = { room: 'modes', kind: 'prove-between' } as const
  return step(id, 'Prove the recommended architecture, several times in a row', 20, change)
}

function legGroups(leg: Leg, { nodes }: UpgradeWishes): Step[][] {
  const id = idOf(leg)
  switch (leg.kind) {
    case 'certificates':
      return [
        [step(id, "Make the cluster's certificates anew", 45, { room: 'kubernetes', kind: 'rotate-certificates' })],
      ]
    case 'kubernetes': {
      const images = nodes.toSorted().map((node) =>
        step(`images-${leg.to}-${node}`, `Bring the images of Kubernetes ${leg.to} to ${node}`, 30, {
          room: 'kubernetes',
          kind: 'upgrade-images',
          node,
          version: leg.to,
        }),
      )
      const title = titleOf('Kubernetes', leg, ', one node at a time')
      const change = { room: 'kubernetes', kind: 'upgrade-cluster', version: leg.to } as const
      return [images, [step(id, title, 90, change)]]
    }
    case 'cert-manager':
      return [
        [
          step(id, titleOf('cert-manager', leg), 15, {
            room: 'rancher',
            kind: 'upgrade-cert-manager',
            version: leg.to,
          }),
        ],
      ]
    case 'rancher':
      return [[step(id, titleOf('Rancher', leg), 30, { room: 'rancher', kind: 'upgrade-rancher', version: leg.to })]]
  }
}

function titleOf(name: string, { from, to }: { from: string; to: string }, how = ''): string {
  return from === to ? `Bring ${name} ${to} to its settings${how}` : `Upgrade ${name} from ${from} to ${to}${how}`
}

function idOf(leg: Leg): string {
  return leg.kind === 'certificates' ? 'rotate-certificates' : `upgrade-${leg.kind}-${leg.to}`
}

function step(id: string, title: string, minutes: number, change: UpgradeChange): Step {
  return { id, title, deadlineMs: minutes * MINUTE_MS, needs: [], change }
}
