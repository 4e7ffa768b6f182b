import type { Replacement } from '../infrastructure/infrastructure.ts'
import type { UpgradeSettings } from '../settings.ts'
import { formatPlace } from '../snapshots/places.ts'
import type { Place } from '../snapshots/snapshot.ts'
import type { Step } from '../steps.ts'
import type { Leg } from '../versions/path.ts'
import { compareVersions } from '../versions/version.ts'
import { replacementGroups } from './plan-replacements.ts'
import type { Seen } from './seen.ts'
import { proveStep, upgradeStep } from './upgrade-step.ts'
import type { WantedUpgrade } from './want-upgrade.ts'

export type UpgradeWishes = {
  /** A leg from a version to itself brings other settings, or finishes what was begun. */
  legs: Leg[]
  /** Nodes that give way to new machines, in their order; the first one may have been begun. */
  replacements: Replacement[]
  /** Kubernetes as it runs before the legs, and after them. */
  running: string
  target: string
  /** Names of the nodes, which get the images of a Kubernetes leg beforehand. */
  nodes: string[]
  places: Place[]
  verify: 'hash' | 'restore'
  /** Whether the stack remembers what runs as what was asked: false after a run that was ended before it said so. */
  remembered: boolean
}

/** The steps from what was seen along a path. Pure. */
export function stepsOf(
  { snapshots, verify }: Pick<UpgradeSettings, 'snapshots' | 'verify'>,
  { infrastructure, cluster }: Seen,
  { path: { legs, running, target, isBegun }, replacements }: Pick<WantedUpgrade, 'path' | 'replacements'>,
): Step[] {
  const { kubernetesVersion, rancherVersion } = cluster.asked ?? {}
  const isRancherKept = target.rancher === undefined || compareVersions(rancherVersion ?? '', target.rancher) === 0
  const begun = replacements.find(({ state }) => state !== 'to-come')
  const nodes = begun?.staying ?? infrastructure.nodes.map(({ name }) => name)
  const remembered = !isBegun && kubernetesVersion === target.kubernetes && isRancherKept
  return planUpgrade({
    legs,
    replacements,
    running: running.kubernetes ?? '',
    target: target.kubernetes ?? '',
    nodes,
    places: snapshots.places,
    verify,
    remembered,
  })
}

/**
 * The steps of an upgrade: what stands in one group runs together, after the group before it. Empty when there is nothing
 * to do. Nodes are replaced after the versions, by the one that was reached: so a way back finds the nodes it began
 * with. A replacement that was begun is finished before anything else. Pure.
 */
export function planUpgrade(wishes: UpgradeWishes): Step[] {
  const { legs, replacements, running, target, remembered } = wishes
  const changesNothing = legs.length === 0 && replacements.length === 0
  if (changesNothing && remembered) return []
  const begun = replacements.filter(({ state }) => state !== 'to-come')
  const others = replacements.filter(({ state }) => state === 'to-come')
  const groups = [
    changesNothing ? [proveStep('prove-again')] : [pointOfReturn(wishes)],
    ...begun.flatMap((one) => replacementGroups(one, running)),
    ...legs.flatMap((leg) => [...legGroups(leg, wishes), [proveStep(`prove-after-${idOf(leg)}`)]]),
    ...others.flatMap((one) => replacementGroups(one, target)),
    [upgradeStep('keep-asked', 'Keep on every node what was asked', 5, { room: 'kubernetes', kind: 'keep-asked' })],
  ]
  return groups.flatMap((group, at) => {
    const needs = (groups[at - 1] ?? []).map(({ id }) => id)
    return group.map((one) => ({ ...one, needs }))
  })
}

function pointOfReturn({ places, verify }: UpgradeWishes): Step {
  const tried = verify === 'restore' ? 'Take a snapshot, restore it on trial' : 'Take a snapshot, verify it'
  const title = `${tried}, and store it in ${places.map(formatPlace).join(', ')}: the point of return`
  return upgradeStep('point-of-return', title, 150, { room: 'snapshots', kind: 'point-of-return' })
}

function legGroups(leg: Leg, { nodes }: UpgradeWishes): Step[][] {
  const id = idOf(leg)
  switch (leg.kind) {
    case 'certificates':
      return [
        [
          upgradeStep(id, "Make the cluster's certificates anew", 45, {
            room: 'kubernetes',
            kind: 'rotate-certificates',
          }),
        ],
      ]
    case 'kubernetes': {
      const images = nodes.toSorted().map((node) =>
        upgradeStep(`images-${leg.to}-${node}`, `Bring the images of Kubernetes ${leg.to} to ${node}`, 30, {
          room: 'kubernetes',
          kind: 'upgrade-images',
          node,
          version: leg.to,
        }),
      )
      const title = titleOf('Kubernetes', leg, ', one node at a time')
      const change = { room: 'kubernetes', kind: 'upgrade-cluster', version: leg.to } as const
      return [images, [upgradeStep(id, title, 90, change)]]
    }
    case 'cert-manager':
      return [
        [
          upgradeStep(id, titleOf('cert-manager', leg), 15, {
            room: 'rancher',
            kind: 'upgrade-cert-manager',
            version: leg.to,
          }),
        ],
      ]
    case 'rancher':
      return [
        [upgradeStep(id, titleOf('Rancher', leg), 30, { room: 'rancher', kind: 'upgrade-rancher', version: leg.to })],
      ]
  }
}

function titleOf(name: string, { from, to }: { from: string; to: string }, how = ''): string {
  return from === to ? `Bring ${name} ${to} to its settings${how}` : `Upgrade ${name} from ${from} to ${to}${how}`
}

function idOf(leg: Leg): string {
  return leg.kind === 'certificates' ? 'rotate-certificates' : `upgrade-${leg.kind}-${leg.to}`
}
