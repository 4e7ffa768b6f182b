import { formatPlace } from '../snapshots/places.ts'
import type { Place } from '../snapshots/snapshot.ts'
import type { Change, Step } from '../steps.ts'
import type { Leg } from '../versions/path.ts'

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
  legs: Leg[]
  /** Names of the nodes, which get the images of a Kubernetes leg beforehand. */
  nodes: string[]
  places: Place[]
  verify: 'hash' | 'restore'
}

const MINUTE_MS = 60_000

/** The steps of an upgrade, one after the other; empty when there is nothing to do. Pure. */
export function planUpgrade({ legs, nodes, places, verify }: UpgradeWishes): Step[] {
  if (legs.length === 0) return []
  const tried = verify === 'restore' ? 'Take a snapshot, restore it on trial' : 'Take a snapshot, verify it'
  const steps: Step[] = []
  const chain = (id: string, title: string, minutes: number, change: UpgradeChange) => {
    const needs = steps.slice(-1).map((step) => step.id)
    steps.push({ id, title, deadlineMs: minutes * MINUTE_MS, needs, change })
  }
  const where = places.map(formatPlace).join(', ')
  chain('point-of-return', `${tried}, and store it in ${where}: the point of return`, 150, {
    room: 'snapshots',
    kind: 'point-of-return',
  })
  for (const leg of legs) {
    addLeg(leg, nodes, steps, chain)
    chain(`prove-after-${idOf(leg)}`, 'Prove the recommended architecture, several times in a row', 20, {
      room: 'modes',
      kind: 'prove-between',
    })
  }
  chain('keep-asked', 'Keep on every node what was asked', 2, { room: 'kubernetes', kind: 'keep-asked' })
  return steps
}

type Chain = (id: string, title: string, minutes: number, change: UpgradeChange) => void

function addLeg(leg: Leg, nodes: string[], steps: Step[], chain: Chain): void {
  const id = idOf(leg)
  switch (leg.kind) {
    case 'certificates':
      return chain(id, "Make the cluster's certificates anew", 45, { room: 'kubernetes', kind: 'rotate-certificates' })
    case 'kubernetes': {
      const version = leg.to
      const before = steps.at(-1)?.id
      // Images reach all nodes together: it is only disk and network.
      const images = nodes.toSorted().map((node): Step => {
        const change = { room: 'kubernetes', kind: 'upgrade-images', node, version } as const
        const title = `Bring the images of Kubernetes ${version} to ${node}`
        const needs = before === undefined ? [] : [before]
        return { id: `images-${version}-${node}`, title, deadlineMs: 30 * MINUTE_MS, needs, change }
      })
      steps.push(...images)
      chain(id, `Upgrade Kubernetes from ${leg.from} to ${version}, one node at a time`, 90, {
        room: 'kubernetes',
        kind: 'upgrade-cluster',
        version,
      })
      const cluster = steps.at(-1)
      if (cluster !== undefined && images.length > 0) cluster.needs = images.map((step) => step.id)
      return
    }
    case 'cert-manager':
      return chain(id, `Upgrade cert-manager from ${leg.from} to ${leg.to}`, 15, {
        room: 'rancher',
        kind: 'upgrade-cert-manager',
        version: leg.to,
      })
    case 'rancher':
      return chain(id, `Upgrade Rancher from ${leg.from} to ${leg.to}`, 30, {
        room: 'rancher',
        kind: 'upgrade-rancher',
        version: leg.to,
      })
  }
}

function idOf(leg: Leg): string {
  return leg.kind === 'certificates' ? 'rotate-certificates' : `upgrade-${leg.kind}-${leg.to}`
}
