import type { Refusal } from '../errors.ts'
import { fits } from './fits.ts'
import { TABLE, type VersionTable } from './table.ts'
import { compareVersions, minorOf, nextMinor } from './version.ts'

/** One step of a path; versions as the distribution, or the chart, names them. */
export type Leg =
  /** The certificates of the cluster are made anew; no version changes. */
  { kind: 'certificates' } | { kind: Part; from: string; to: string }

/** What has a version of its own. */
export type Part = 'cert-manager' | 'rancher' | 'kubernetes'

/** Exact versions; a part that is not there, or not known, is undefined. */
export type Versions = Record<Part, string | undefined>

/** Versions that can really be had, in any order. */
export type Offered = Record<Part, string[]>

/** A path, or all that stands against one. */
export type Path = { legs: Leg[] } | { refusals: Refusal[] }

/**
 * In this order a part goes ahead as far as the others let it. Rancher before Kubernetes: each Rancher takes the
 * Kubernetes of the one before it (Rancher, "Upgrades": the target must support what runs).
 */
const PARTS: Part[] = ['cert-manager', 'rancher', 'kubernetes']

type Rule = { input: string; name: string; offerer: string; more: string; leavesFromLast: boolean }

const RULES: Record<Part, Rule> = {
  // "one minor version at a time, always choosing the latest patch version for the minor version"
  // https://cert-manager.io/docs/installation/upgrade/ (read 2026-11)
  'cert-manager': {
    input: 'cert-manager-version',
    name: 'cert-manager',
    offerer: 'its chart repository',
    more: 'an airgap-bundle that has its charts',
    leavesFromLast: false,
  },
  // "from the latest available patch version of your current running minor release to the latest available patch
  // version of the next minor release": Rancher, "Upgrades" (read 2026-11)
  rancher: {
    input: 'rancher-version',
    name: 'Rancher',
    offerer: 'rancher-chart',
    more: 'a rancher-chart, or an airgap-bundle, that has it',
    leavesFromLast: true,
  },
  // Control planes go one minor at a time: https://kubernetes.io/releases/version-skew-policy/ (read 2026-11)
  kubernetes: {
    input: 'kubernetes-version',
    name: 'Kubernetes',
    offerer: 'the rke of this run',
    more: 'an rke-version that installs it',
    leavesFromLast: false,
  },
}

/**
 * The shortest allowed path from what runs to what is asked: one minor at a time, each stop the last patch that is
 * offered, Rancher and Kubernetes in turns where their ranges force it. Every stop is a set that goes together.
 * Pure; empty when nothing differs.
 *
 * @param asked exact versions; undefined leaves a part as it runs
 * @returns the legs, or why there is no path: each refusal says what would lift it
 */
export function planPath(
  running: Versions & { distribution: string },
  asked: Versions,
  offered: Offered,
  table: VersionTable = TABLE,
): Path {
  const { distribution } = running
  const chains = PARTS.map((part) => chainOf(part, running[part], asked[part], offered[part]))
  const refusals = chains.flatMap((chain) => ('refusals' in chain ? chain.refusals : []))
  if (refusals.length > 0) return { refusals }
  const stops = chains.map((chain) => ('stops' in chain ? chain.stops : []))
  return walk(stops, { distribution, table })
}

type Chain = { stops: (string | undefined)[] } | { refusals: Refusal[] }

/** The versions one part goes through, the running one first. The parts meet only in `walk`. */
function chainOf(part: Part, running: string | undefined, asked: string | undefined, offered: string[]): Chain {
  if (asked === undefined || running === undefined || asked === running) return { stops: [running] }
  const order = compareVersions(asked, running)
  if (order === 0) return { stops: [running] }
  if (order < 0) return { refusals: [downgrade(part, running, asked)] }
  if (!offered.includes(asked)) return { refusals: [notOffered(part, asked, offered)] }
  if (majorOf(asked) !== majorOf(running)) return { refusals: [otherMajor(part, running, asked)] }
  const stops = [running]
  const last = lastOf(offered, minorOf(running))
  const crosses = minorOf(asked) !== minorOf(running)
  if (crosses && RULES[part].leavesFromLast && last !== undefined && compareVersions(last, running) > 0)
    stops.push(last)
  for (let minor = minorOf(running); minor !== minorOf(asked); ) {
    minor = nextMinor(minor)
    const stop = minor === minorOf(asked) ? asked : lastOf(offered, minor)
    if (stop === undefined) return { refusals: [missingMinor(part, minor, running, asked)] }
    stops.push(stop)
  }
  if (!crosses) stops.push(asked)
  return { stops }
}

type Place = [number, number, number]

/**
 * Through all orders of the parts' steps, those that go ahead in the order of PARTS first. Every order has as many
 * legs, so the first one found is a shortest one.
 */
function walk(stops: (string | undefined)[][], context: { distribution: string; table: VersionTable }): Path {
  const end = stops.map((chain) => chain.length - 1)
  const seen = new Set<string>()
  let furthest: Place = [0, 0, 0]
  const from = (place: Place): Leg[] | undefined => {
    if (place.every((at, part) => at === end[part])) return []
    if (seen.has(place.join())) return undefined
    seen.add(place.join())
    if (sum(place) > sum(furthest)) furthest = place
    for (const [part, kind] of PARTS.entries()) {
      const next = ahead(place, part)
      if ((next[part] ?? 0) > (end[part] ?? 0) || misfits(stops, next, context).length > 0) continue
      const rest = from(next)
      if (rest !== undefined) return [legOf(kind, stops[part] ?? [], place[part] ?? 0), ...rest]
    }
    return undefined
  }
  const legs = from([0, 0, 0])
  if (legs !== undefined) return { legs }
  const blocked = PARTS.flatMap((_, part) => {
    const next = ahead(furthest, part)
    return (next[part] ?? 0) > (end[part] ?? 0) ? [] : misfits(stops, next, context)
  })
  return { refusals: [...new Map(blocked.map((refusal) => [refusal.what, refusal])).values()] }
}

/** What of the set at a place does not go together. */
function misfits(
  stops: (string | undefined)[][],
  place: Place,
  { distribution, table }: { distribution: string; table: VersionTable },
): Refusal[] {
  const [certManager, rancher, kubernetes] = stops.map((chain, part) => chain[place[part] ?? 0])
  return fits({ certManager, rancher, kubernetes, distribution }, table)
}

function ahead(place: Place, part: number): Place {
  const next: Place = [...place]
  next[part] = (next[part] ?? 0) + 1
  return next
}

function sum(place: Place): number {
  return place[0] + place[1] + place[2]
}

function legOf(kind: Part, chain: (string | undefined)[], at: number): Leg {
  return { kind, from: chain[at] ?? '', to: chain[at + 1] ?? '' }
}

function majorOf(version: string): string | undefined {
  return minorOf(version).split('.')[0]
}

/** The newest patch of a minor; pre-releases only when they are asked for by name. */
export function lastOf(offered: string[], minor: string): string | undefined {
  return offered
    .filter((version) => minorOf(version) === minor && !isPreRelease(version))
    .toSorted(compareVersions)
    .at(-1)
}

/** "2.11.0-rc1", and not "v1.32.6-rancher1-1" or "v1.32.6+rke2r1", which are how distributions number their builds. */
function isPreRelease(version: string): boolean {
  return /-(alpha|beta|rc|dev|hotfix)/i.test(version)
}

function downgrade(part: Part, running: string, asked: string): Refusal {
  const { input, name } = RULES[part]
  return {
    kind: 'preflight',
    subject: input,
    what: `${name} ${running} is running, asked is ${asked}: upgrade never goes back.`,
    next: `Leave out ${input}; to go back, run mode restore with a snapshot taken before ${running}.`,
  }
}

function notOffered(part: Part, asked: string, offered: string[]): Refusal {
  const { input, name, offerer, more } = RULES[part]
  const near = lastOf(offered, minorOf(asked))
  const has = near === undefined ? 'no version of that minor' : `${near} at most of that minor`
  return {
    kind: 'preflight',
    subject: input,
    what: `${name} ${asked} is not to be had: ${offerer} offers ${has}.`,
    next: near === undefined ? `Give ${more}.` : `Set ${input} to ${near}, or give ${more}.`,
  }
}

function missingMinor(part: Part, minor: string, running: string, asked: string): Refusal {
  const { input, name, offerer, more } = RULES[part]
  return {
    kind: 'preflight',
    subject: input,
    what: `${name} goes from ${running} to ${asked} by way of ${minor}, and ${offerer} offers none of that minor.`,
    next: `Give ${more}.`,
  }
}

function otherMajor(part: Part, running: string, asked: string): Refusal {
  const { input, name } = RULES[part]
  return {
    kind: 'preflight',
    subject: input,
    what: `${name} goes one minor at a time, and no way is known from ${running} to ${asked}.`,
    next: `Set ${input} to a version of the same major.`,
  }
}
