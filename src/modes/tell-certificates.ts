import type { Report } from '../report/report.ts'
import { describeEnding, endingWithin, ROTATE_DAYS } from './certificates-end.ts'
import type { Seen } from './seen.ts'

/** When the certificates of the cluster end; a warning when that is soon. */
export function tellCertificates(report: Pick<Report, 'line' | 'warning'>, { cluster }: Seen, now: Date): void {
  const [first] = cluster.certificates
  if (first === undefined) return
  const ending = endingWithin(cluster.certificates, now)
  if (ending.length === 0) {
    report.line(`The first certificate of the cluster to end is ${describeEnding([first], now)}.`)
    return
  }
  const cure = ending.some(({ isCa }) => isCa)
    ? 'A CA is among them: a new one is made by hand, as docs/upgrade.md shows.'
    : 'Mode upgrade makes them anew before it does anything else.'
  report.warning(`Certificates of the cluster end within ${ROTATE_DAYS} days: ${describeEnding(ending, now)}. ${cure}`)
}
