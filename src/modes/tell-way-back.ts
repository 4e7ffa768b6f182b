import { StackError } from '../errors.ts'
import type { Report } from '../report/report.ts'
import type { UpgradeRun } from '../run.ts'
import type { GoingBack } from './going-back.ts'
import type { Seen } from './seen.ts'
import type { Stack } from './stack.ts'
import type { Failed } from './upgrade-work.ts'
import { formatPresence, tellPresence } from './watch-endpoint.ts'
import type { Evidence, Verdict } from './way-back.ts'
import { formatWritten } from './what-was-written.ts'

/** What failed, and what the pods say of themselves. */
export async function tellWentWrong(report: Report, stack: Stack, { leg, error, by }: Failed): Promise<void> {
  const rows = [
    ['Step', formatLeg(leg)],
    ['Failed by', by === 'change' ? 'the change itself' : 'the proof after it'],
    ...error.message.split('\n').map((line) => ['Said', line]),
  ]
  for (const [name, value] of rows) report.line(`${name}: ${value}`)
  const pods = leg.kind === 'rancher' ? await podsOf(stack) : []
  for (const line of pods) report.line(line)
  report.table({ title: 'What went wrong', header: ['', ''], rows: [...rows, ...pods.map((line) => ['Pod', line])] })
}

async function podsOf({ rancher, api }: Stack): Promise<string[]> {
  try {
    return await rancher.whatWentWrong(await api())
  } catch (thrown) {
    return [`The pods of Rancher could not be asked: ${(thrown as Error).message}`]
  }
}

const NAMES = {
  certificates: 'certificates',
  kubernetes: 'Kubernetes',
  rancher: 'Rancher',
  'cert-manager': 'cert-manager',
}

export function formatLeg(leg: Failed['leg']): string {
  if (leg.kind === 'certificates') return 'certificates of the cluster'
  return leg.from === leg.to
    ? `${NAMES[leg.kind]} ${leg.to}, its settings`
    : `${NAMES[leg.kind]} ${leg.from} to ${leg.to}`
}

const CURES = {
  nothing: 'nothing is put back',
  'go-on': 'nothing is put back: what was begun is gone on with',
  'roll-back': 'the former revision by helm rollback, no data touched',
  'former-kubernetes': 'the former Kubernetes by rke on the data that stand, no data touched',
  restore: 'etcd as it was at the point of return',
}

/** Which rung, why, and every object that is lost by it. */
export function tellVerdict(
  report: Pick<Report, 'line' | 'table'>,
  { rung, cure, why, lost }: Verdict,
  { written, point }: Evidence,
): void {
  const name = rung === 'stop' ? 'the way back stops here' : `rung ${rung}`
  report.line(`Way back: ${name}, ${CURES[cure]}: ${why}.`)
  const rows = [
    ['Rung', name],
    ['What is put back', CURES[cure]],
    ['Why', why],
    ...(point === undefined ? [] : [['Point of return', point.takenAt.toISOString()]]),
    ...(written === undefined ? [] : [['Written since then', `${written.length} objects`]]),
  ]
  report.table({ title: 'Way back', header: ['', ''], rows })
  if (lost.length === 0) return
  const title = rung === 'stop' ? 'Would be lost by a restore' : 'Lost: written since the point of return'
  for (const one of lost) report.line(`${title}: ${formatWritten(one)}`)
  report.table({
    title,
    header: ['What', 'Kind', 'Object'],
    rows: lost.map(({ how, kind, namespace, name: object }) => [
      how,
      kind,
      namespace ? `${namespace}/${object}` : object,
    ]),
  })
}

/** Where things stand, precisely: every node, the release, and what does not hold. Pure. */
export function standsNow({ rancher, cluster }: Seen, { nodes, brokenNow }: Evidence): string {
  const { release } = rancher
  const told = nodes.map(
    ({ node, kubelet, apiServer, red }) =>
      `${node}: kubelet ${kubelet ?? 'unknown'}, API server ${apiServer ?? 'unknown'}${red.length > 0 ? `, ${red.join(', ')}` : ''}`,
  )
  const helm =
    release === undefined
      ? "Rancher's release is not to be read"
      : `Rancher's release is ${release.status} at ${release.chartVersion}, revision ${release.revision}`
  const etcd = `${cluster.etcd.filter(({ healthy }) => healthy).length} of ${cluster.etcd.length} etcd members are healthy`
  const broken = brokenNow.length === 0 ? 'every sentence holds' : `not so now: ${brokenNow.join(', ')}`
  return `${[...told, etcd, helm, broken].join('. ')}.`
}

type Nowhere = { verdict: Verdict; lastError: StackError | undefined; stands: string }

/** Nothing is put back, or nothing more: what stands, and the command that comes next. */
export function wentNowhere(run: UpgradeRun, going: GoingBack, { verdict, lastError, stands }: Nowhere): StackError {
  const { failed, upgrading, endpoint } = going
  tellPresence(run.report, endpoint.seen())
  const { rung, why, lost } = verdict
  const back = lastError === undefined ? '' : `\nGoing back did not work out either: ${lastError.message}`
  const how =
    rung === 'stop'
      ? `Nothing${lastError === undefined ? '' : ' more'} is put back: ${why}.`
      : `Nothing is put back (rung 0): ${why}.`
  const command = upgrading === undefined || rung === 0 ? undefined : restoreInputs(upgrading.point.from)
  const losing = lost.length === 0 ? '' : ` ${lost.length} objects written since would be lost; the summary names them.`
  if (command !== undefined)
    run.report.next({ text: `To go back to the point of return all the same:${losing}`, command })
  return new StackError(failed.error.kind, `${formatLeg(failed.leg)}: ${failed.error.message}${back}\n${how}`, {
    stands,
    next:
      command === undefined
        ? `${failed.error.next ?? 'Mend what is named.'} Then run mode upgrade again: it goes on from what stands.`
        : `Mend what is named and run mode upgrade again: it goes on from what stands. Or go back with ${command.replaceAll('\n', ', ')}.`,
    cause: failed.error,
  })
}

/** Nothing is put back where nobody can see what stands. */
export function unseen(run: UpgradeRun, { failed, endpoint }: GoingBack, why: StackError): StackError {
  tellPresence(run.report, endpoint.seen())
  const what = `${formatLeg(failed.leg)}: ${failed.error.message}\nWhat stands cannot be seen: ${why.message}`
  return new StackError(failed.error.kind, what, {
    stands: 'Nothing was put back; the point of return lies on the nodes and in backup-to.',
    next: `${why.next ?? 'Make the nodes answer.'} Then run mode upgrade again: it goes on from what stands.`,
    cause: failed.error,
  })
}

/** What the restore would be asked with; the lines of a step's `with`. */
function restoreInputs(snapshot: string): string {
  return `mode: restore\nrestore-from: ${snapshot}`
}

/** The run fails all the same: what was asked for is not there. */
export function wentBack(
  run: UpgradeRun,
  { failed, endpoint }: GoingBack,
  { rung, cure, why, lost }: Verdict,
): StackError {
  const presence = endpoint.seen()
  tellPresence(run.report, presence)
  const losing =
    lost.length === 0
      ? 'Nothing that was written is lost.'
      : `${lost.length} objects written since the point of return are lost; log and summary name each.`
  const what = `${formatLeg(failed.leg)}: ${failed.error.message}\nWent back on rung ${rung}, ${CURES[cure]}: ${why}.`
  return new StackError(failed.error.kind, what, {
    stands: `The stack runs as before this step, proven several times in a row. ${losing} Rancher meanwhile: ${formatPresence(presence)}.`,
    next: 'Find out why the step failed, by what is told above; then run mode upgrade again, with another version if that one is bad.',
    cause: failed.error,
  })
}
