import type { NodeProgress } from '../kubernetes/distribution.ts'
import type { Written } from '../snapshots/written-since.ts'
import type { Leg } from '../versions/path.ts'
import { formatWritten, marksOfStart, missed, touchesDownstream } from './what-was-written.ts'

/** How much is put back: nothing, a version without any data, or the data too. */
export type Rung = 0 | 1 | 2 | 'stop'

/** What cures. */
export type Cure =
  /** Nothing is put back, and nothing is tried. */
  | 'nothing'
  /** Nothing is put back: what was begun is gone on with. */
  | 'go-on'
  /** `helm rollback`. */
  | 'roll-back'
  /** rke brings the former version of Kubernetes up on the data that stand. */
  | 'former-kubernetes'
  /** etcd as it was at the point of return. */
  | 'restore'

export type Verdict = {
  rung: Rung
  cure: Cure
  why: string
  /** What the restore loses, or would lose: empty where nothing is rewound. */
  lost: Written[]
}

/** All that the verdict hangs on; plain data. */
export type Evidence = {
  /** Which leg did not work out. */
  leg: Leg['kind']
  onFailure: 'restore' | 'keep'
  /** Whether the leg had changed anything by then. */
  touched: boolean
  /** Ids of the sentences of the recommended architecture that were broken before the upgrade, and that are now. */
  brokenBefore: string[]
  brokenNow: string[]
  /** Whether the step failed by its own proof, not by that of the architecture. */
  stepFailed: boolean
  nodes: NodeProgress[]
  /** Whether a pod of the new Rancher was ready at any time. */
  everReady: boolean
  /** Whether Helm still has the revision to go back to. */
  canRollBack: boolean
  /** Whether etcd itself runs in a later minor version than at the point of return. */
  etcdIsNewer: boolean
  /** Revision of etcd when the leg began; undefined when an earlier run began it. */
  legRevision: number | undefined
  /** What was written since the point of return; undefined when nobody knows. */
  written: Written[] | undefined
  /** undefined when there is none. */
  point: { takenAt: Date; isOurs: boolean } | undefined
  /** Whether a second snapshot, of what stands now, lies off the nodes. */
  secondKept: boolean
  now: Date
  restoreWindowMs: number
  /** What was tried already, in this run. */
  tried: Cure[]
}

/** What stands outside of the cluster: no data of etcd makes it better. */
const OUTSIDE = ['name-resolves', 'balancer-forwards-80', 'balancer-forwards-443', 'odd-nodes']
const CERTIFICATE = 'tls-at-ingress'
/** Whether a sentence is about what no data of etcd makes better. */
export function isOutside(id: string): boolean {
  return OUTSIDE.includes(id) || id === CERTIFICATE
}

/** Asked through the load balancer, and under that certificate: where one of these fails, so does the question. */
const BEHIND = ['http-redirects', 'rancher-answers', 'reaches-rancher-pod-port-80', CERTIFICATE]

/**
 * What is to be put back, if anything: the lowest rung that cures, and the reasons. Pure.
 *
 * Kubernetes goes forward as long as no node is red: a call of rke that ended on a slow answer is finished by the next
 * one, and a cluster of two minor versions is supported only while it is on its way. With a red node of the new version
 * the former one is put back on the data that stand: "Users must be able to upgrade to a new release of Kubernetes and
 * then roll back to a previous release, without converting anything to the new API version"
 * (https://kubernetes.io/docs/reference/using-api/deprecation-policy/, rule 4b), and what the API server stores moves to a
 * newer form only one release after both know it. What cannot be read by the former version is etcd's own format of a
 * later minor version; then, and only then, the data go back too. A machine that does not answer is cured by neither.
 *
 * Rancher goes back by `helm rollback` only where the new version was never ready and left no mark of a start in the data:
 * its documentation asks for a restore otherwise (Rancher, "Rollbacks": helm rollback after the data were put back).
 */
export function wayBack(evidence: Evidence): Verdict {
  const { leg, onFailure, tried } = evidence
  if (onFailure === 'keep') return stop('on-failure: keep was asked for')
  const outside = outsideOf(evidence)
  if (outside !== undefined) return nothing(outside)
  if (!evidence.touched) return nothing('this step had changed nothing yet')
  if (leg === 'certificates')
    return nothing('certificates of the same CA are cured by making them once more, not by data')
  const silent = evidence.nodes.filter(({ reached }) => !reached).map(({ node }) => node)
  if (silent.length > 0) return nothing(`${silent.join(', ')} does not answer, which neither version and no data cure`)
  if (leg === 'kubernetes') return kubernetesBack(evidence)
  if (leg === 'cert-manager') {
    if (!tried.includes('roll-back') && evidence.canRollBack)
      return put(1, 'roll-back', 'cert-manager keeps nothing that its former version could not read')
    return restore(evidence)
  }
  return rancherBack(evidence)
}

/** Why all that is broken is nothing etcd could cure; undefined when something else is. */
function outsideOf({ brokenBefore, brokenNow, stepFailed, written }: Evidence): string | undefined {
  const rewritten = written?.some(({ kind, name }) => kind === 'secrets' && name === 'tls-rancher-ingress') ?? false
  const outside = brokenNow.filter((id) => OUTSIDE.includes(id) || (id === CERTIFICATE && !rewritten))
  const before = brokenNow.filter((id) => brokenBefore.includes(id))
  const hides = outside.some((id) => id !== 'name-resolves' && id !== 'odd-nodes')
  const inside = brokenNow.filter(
    (id) => !before.includes(id) && !outside.includes(id) && !(hides && BEHIND.includes(id)),
  )
  if (inside.length > 0 || (stepFailed && outside.length === 0)) return undefined
  const told = [
    ...(before.length > 0 ? [`${before.join(', ')} was broken before the upgrade`] : []),
    ...(outside.some((id) => !before.includes(id))
      ? [
          `${outside.filter((id) => !before.includes(id)).join(', ')} stands outside of what putting something back could cure`,
        ]
      : []),
  ]
  return told.length === 0 ? 'every sentence holds again' : told.join('; ')
}

function kubernetesBack(evidence: Evidence): Verdict {
  const { nodes, tried, etcdIsNewer, stepFailed } = evidence
  const red = nodes.filter((node) => node.red.length > 0)
  const wentBack = tried.includes('former-kubernetes') || tried.includes('restore')
  if (stepFailed && red.length === 0 && !tried.includes('go-on') && !wentBack)
    return { rung: 0, cure: 'go-on', why: 'no node is red: what was begun is gone on with', lost: [] }
  if (!wentBack && !etcdIsNewer) {
    const what =
      red.length === 0
        ? 'no node is red, and what runs on them does not hold'
        : `${red.map(({ node }) => node).join(', ')} is red in the new version`
    return put(1, 'former-kubernetes', `${what}; the former one reads all that was written meanwhile`)
  }
  return restore(evidence)
}

function rancherBack(evidence: Evidence): Verdict {
  const { everReady, written, tried, canRollBack, legRevision } = evidence
  const marks = marksOfStart(written ?? [], legRevision)
  if (!tried.includes('roll-back') && !everReady && written !== undefined && marks.length === 0 && canRollBack)
    return put(1, 'roll-back', 'no pod of the new Rancher was ever ready, and it wrote nothing')
  return restore(evidence)
}

/** The last rung, with all that has to be so before anything is rewound. */
function restore(evidence: Evidence): Verdict {
  const { point, written, secondKept, tried, now, restoreWindowMs } = evidence
  const lost = missed(written ?? [])
  const refuse = (why: string) => stop(why, lost)
  if (tried.includes('restore')) return refuse('the data were put back already')
  if (point === undefined) return refuse('there is no point of return')
  if (!point.isOurs) return refuse('the snapshot was not taken by this upgrade')
  const ageMs = now.getTime() - point.takenAt.getTime()
  if (ageMs > restoreWindowMs)
    return refuse(`the point of return is ${minutes(ageMs)} old, and restore-window is ${minutes(restoreWindowMs)}`)
  if (!secondKept) return refuse('no second snapshot, of what stands now, could be kept off the nodes')
  if (written === undefined) return refuse('what was written since the point of return is not known')
  const downstream = touchesDownstream(written)
  if (downstream.length > 0)
    return refuse(
      `since the point of return something downstream was made, deleted or given other credentials: ${downstream.map(formatWritten).join('; ')}`,
    )
  return { rung: 2, cure: 'restore', why: whyRestore(evidence), lost }
}

function whyRestore({ leg, everReady, written, tried, etcdIsNewer, canRollBack, legRevision }: Evidence): string {
  if (tried.includes('roll-back') || tried.includes('former-kubernetes'))
    return 'the former version alone did not cure it'
  if (leg === 'kubernetes')
    return etcdIsNewer ? 'etcd wrote its data in the form of a later version' : 'going on did not help'
  if (everReady) return 'a pod of the new Rancher was ready, and may have changed any data'
  if (!canRollBack) return 'Helm has no revision to go back to'
  const marks = marksOfStart(written ?? [], legRevision)
  return `the new Rancher was never ready, and had begun to change the data (${marks.map(formatWritten).join('; ')})`
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`
}

function nothing(why: string): Verdict {
  return { rung: 0, cure: 'nothing', why, lost: [] }
}

function put(rung: 1, cure: Cure, why: string): Verdict {
  return { rung, cure, why, lost: [] }
}

function stop(why: string, lost: Written[] = []): Verdict {
  return { rung: 'stop', cure: 'nothing', why, lost }
}
