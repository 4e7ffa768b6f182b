/** When a minor version stops getting fixes, as its makers say. */
type End = { minor: string; ends: string }

/** @see https://kubernetes.io/releases/patch-releases/ (read 2026-11) */
const KUBERNETES: End[] = [
  { minor: '1.30', ends: '2025-07-15' },
  { minor: '1.31', ends: '2025-11-11' },
  { minor: '1.32', ends: '2026-02-28' },
  { minor: '1.33', ends: '2026-06-28' },
  { minor: '1.34', ends: '2026-10-27' },
  { minor: '1.35', ends: '2027-02-28' },
  { minor: '1.36', ends: '2027-06-28' },
  { minor: '1.37', ends: '2027-10-28' },
]

/** @see Rancher, "RKE end of life" */
const RKE_ENDS = '2025-07-31'

/** One thing that runs, its version, and until when it is supported, in words. */
export type Supported = { name: string; version: string; support: string }

/**
 * What runs, with the end of its support. Pure.
 *
 * @param outputs of the run; what it does not name is left out
 * @param now in ms since the epoch: an end that has passed is told as such
 */
export function supported(outputs: Record<string, string | undefined>, now: number): Supported[] {
  const [rancher, kubernetes] = [outputs['rancher-version'], outputs['kubernetes-version']]
  const rows: Supported[] = []
  if (rancher) rows.push({ name: 'Rancher', version: rancher, support: 'see suse.com/lifecycle' })
  if (kubernetes === undefined || kubernetes === '') return rows
  const minor = /^v?(\d+\.\d+)/.exec(kubernetes)?.[1]
  const ends = KUBERNETES.find((row) => row.minor === minor)?.ends
  rows.push({ name: 'Kubernetes', version: kubernetes, support: ends === undefined ? 'not known' : toldEnd(ends, now) })
  if (/-rancher\d/.test(kubernetes)) rows.push({ name: 'RKE', version: 'v1', support: toldEnd(RKE_ENDS, now) })
  return rows
}

function toldEnd(ends: string, now: number): string {
  return `${Date.parse(`${ends}T23:59:59Z`) < now ? 'ended' : 'until'} ${ends}`
}
