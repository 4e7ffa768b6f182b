import type { CertificateFacts } from '../kubernetes/distribution.ts'

/** Certificates that end sooner than this are made anew before anything else is changed. */
export const ROTATE_DAYS = 30

const DAY_MS = 86_400_000

/** Those that end within so many days, or have ended; the first to end in front. Pure. */
export function endingWithin(
  certificates: CertificateFacts[],
  now: Date,
  days: number = ROTATE_DAYS,
): CertificateFacts[] {
  return certificates
    .filter(({ endsAt }) => endsAt.getTime() - now.getTime() < days * DAY_MS)
    .toSorted((a, b) => a.endsAt.getTime() - b.endsAt.getTime())
}

/** "kube-apiserver on node-1 ends on 2026-12-01 (in 7 days)", the first three of them. */
export function describeEnding(ending: CertificateFacts[], now: Date): string {
  const told = ending.slice(0, 3).map(({ name, node, endsAt }) => {
    const days = Math.floor((endsAt.getTime() - now.getTime()) / DAY_MS)
    const when = days < 0 ? 'it has ended' : days === 1 ? 'in 1 day' : `in ${days} days`
    return `${name} on ${node} ends on ${endsAt.toISOString().slice(0, 10)} (${when})`
  })
  const more = ending.length - told.length
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}
