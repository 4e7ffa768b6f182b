import { lastOf } from './path.ts'
import { bare, compareVersions, minorOf } from './version.ts'

export const LATEST_PATCH = 'latest-patch'

/**
 * What is asked of one part, as an exact version in the words of those who offer it. Pure.
 *
 * @param asked exact, `latest-patch` (the last patch offered of the running minor), or undefined: the running one
 * @returns the asked text itself when nobody offers such a version; undefined when there is nothing to go by
 */
export function resolveAsked(
  asked: string | undefined,
  running: string | undefined,
  offered: string[],
): string | undefined {
  if (asked === undefined) return running
  if (asked !== LATEST_PATCH) return named(asked, running === undefined ? offered : [running, ...offered])
  if (running === undefined) return undefined
  const last = lastOf(offered, minorOf(running))
  return last !== undefined && compareVersions(last, running) > 0 ? last : running
}

/** The first of the names that is, or builds, this version ("1.31.10" → "v1.31.10-rancher1-1"); else the text itself. */
export function named(version: string, names: string[]): string {
  const same = names.find((name) => bare(name) === bare(version))
  return same ?? names.find((name) => bare(withoutBuild(name)) === bare(version)) ?? version
}

/** What the versions of several machines come to: from the oldest that runs to the newest that runs or was begun. */
export type Spread = { oldest: string | undefined; newest: string | undefined }

/**
 * What really runs, from what every machine says; a change that was ended half-way has left several versions. Pure.
 *
 * @param told as kubelets and API servers say it ("v1.32.6")
 * @param kept as the stack has it written down, perhaps ahead of the machines
 * @param known names of the distribution, to call what is told by
 */
export function spreadOf(told: string[], kept: string | undefined, known: string[]): Spread {
  const names = kept === undefined ? known : [kept, ...known]
  const order = told.map((version) => named(version, names)).toSorted(compareVersions)
  const all = kept === undefined ? order : [...order, kept].toSorted(compareVersions)
  return { oldest: order[0] ?? kept, newest: all.at(-1) }
}

/** "v1.31.10" of "v1.31.10-rancher1-1" and "v1.31.10+rke2r1". */
function withoutBuild(name: string): string {
  return name.replace(/(-rancher|\+).*$/, '')
}
