import type { Refusal } from '../errors.ts'
import { type Leg, type Offered, planPath, type Versions } from '../versions/path.ts'
import { resolveAsked, type Spread, spreadOf } from '../versions/resolve.ts'
import { compareVersions } from '../versions/version.ts'
import { endingWithin } from './certificates-end.ts'
import type { Seen } from './seen.ts'

/** From what runs to what is asked, or why there is no way. */
export type UpgradePath = {
  running: Versions
  target: Versions
  legs: Leg[]
  refusals: Refusal[]
  /** An earlier run began an upgrade and did not come to its end. */
  isBegun: boolean
}

export type PathWishes = {
  /** As the settings have them: exact, `latest-patch`, or undefined. */
  asked: Versions
  offered: Offered
  /** A change of the cluster was begun and not finished: its nodes differ, or a state was written ahead of them. */
  isUnfinished: boolean
  /** An upgrade was begun and not finished, wherever it was. */
  isBegun: boolean
  /** Whether other settings of the cluster, other values of Rancher are asked for. */
  differs: { cluster: boolean; values: boolean }
  now: Date
}

/**
 * The legs of an upgrade: certificates that are about to end, then the versions, then settings that no version brings
 * along. What was begun and not finished is gone on with, also when no version is asked. Pure.
 */
export function pathOf(seen: Seen, { asked, offered, isUnfinished, isBegun, differs, now }: PathWishes): UpgradePath {
  const spread = kubernetesOf(seen, offered.kubernetes)
  const running: Versions = { ...runningOf(seen), kubernetes: spread.oldest }
  const target: Versions = {
    kubernetes: resolveAsked(asked.kubernetes, spread.newest, offered.kubernetes),
    rancher: resolveAsked(asked.rancher, running.rancher, offered.rancher),
    'cert-manager': resolveAsked(asked['cert-manager'], running['cert-manager'], offered['cert-manager']),
  }
  const distribution = seen.cluster.distribution ?? 'rke'
  const back = refuseHalfWayBack(spread, target.kubernetes)
  const path = planPath({ ...running, distribution }, target, offered)
  if ('refusals' in path || back.length > 0) {
    return { running, target, isBegun, legs: [], refusals: [...back, ...('refusals' in path ? path.refusals : [])] }
  }
  const { legs } = path
  const leaves = seen.cluster.certificates.filter(({ isCa }) => !isCa)
  const isEnding = endingWithin(leaves, now).length > 0
  const changes = (kind: Leg['kind']) => legs.some((leg) => leg.kind === kind)
  return {
    running,
    target,
    isBegun,
    refusals: [],
    legs: [
      ...(isEnding ? [{ kind: 'certificates' } as const] : []),
      ...((isUnfinished || differs.cluster) && !changes('kubernetes') ? same('kubernetes', running.kubernetes) : []),
      ...legs,
      ...(differs.values && !changes('rancher') ? same('rancher', running.rancher) : []),
    ],
  }
}

/** What runs, as charts and the stack's own record name it. */
export function runningOf({ cluster, rancher }: Seen): Versions {
  return {
    kubernetes: cluster.version,
    rancher: rancher.release?.deployed?.chartVersion,
    'cert-manager': rancher.certManager.release?.deployed?.chartVersion,
  }
}

/** What every kubelet and every API server says runs. */
function kubernetesOf({ cluster }: Seen, known: string[]): Spread {
  const told = cluster.nodes.flatMap(({ version, apiVersion }) => [version, apiVersion ?? version])
  return spreadOf(told, cluster.version, known)
}

function same(kind: 'kubernetes' | 'rancher', version: string | undefined): Leg[] {
  return version === undefined ? [] : [{ kind, from: version, to: version }]
}

/** Some nodes are further already than what is asked. */
function refuseHalfWayBack({ oldest, newest }: Spread, target: string | undefined): Refusal[] {
  if (newest === undefined || target === undefined || oldest === newest) return []
  if (compareVersions(target, newest) >= 0) return []
  return [
    {
      kind: 'preflight',
      subject: 'kubernetes-version',
      what: `an upgrade to Kubernetes ${newest} was begun and not finished, asked is ${target}: upgrade never goes back.`,
      next: `Leave out kubernetes-version, or set it to ${newest}: the upgrade goes on. To go back, run mode restore.`,
    },
  ]
}
