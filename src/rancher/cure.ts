import type { ReleaseFacts } from './release.ts'

/** How a release that Helm left half-way is brought back to where Helm goes on. */
export type Cure =
  | { kind: 'none' }
  /** Forget the half-made revision. */
  | { kind: 'forget'; revision: number; secret: string; status: string }
  /** Somebody else's call of Helm may still be running. */
  | { kind: 'wait'; status: string; begunAt: Date | undefined }

/** Past this a call of Helm that is not ours counts as dead; ten minutes is the longest usual timeout. */
const STALE_MS = 15 * 60_000

/**
 * What to do about a release. A killed Helm leaves a revision "pending", and no later call passes it.
 *
 * Forgetting that revision (removing its Secret) is the least that cures: no pod moves. Behind a
 * half-made upgrade stands the revision that was deployed, and Helm's next upgrade compares with it and
 * with what is live. Behind a half-made first install stands nothing, and Helm's next install takes over
 * what carries its own release annotations. `helm rollback` and `helm uninstall` would come to the same end,
 * but with two roll-outs, or with Rancher's post-delete hook, which removes every system chart.
 *
 * An "uninstalling" revision is the same case: what was not yet removed is taken over.
 *
 * A call of ours cannot be running any more: we hold the lease.
 */
export function cureOf(release: ReleaseFacts | undefined, now: Date): Cure {
  if (release === undefined || !isHalfway(release.status)) return { kind: 'none' }
  const { status, begunAt, ours, revision, secret } = release
  const ageMs = begunAt === undefined ? Number.POSITIVE_INFINITY : now.getTime() - begunAt.getTime()
  if (!ours && ageMs < STALE_MS) return { kind: 'wait', status, begunAt }
  return { kind: 'forget', revision, secret, status }
}

function isHalfway(status: string): boolean {
  return status.startsWith('pending-') || status === 'uninstalling'
}
