import { StackError, throwRefusals } from '../errors.ts'
import type { FetchedSnapshot, Former } from '../kubernetes/distribution.ts'
import type { Lease } from '../remote/lease.ts'
import type { UpgradeRun } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Apply, Change, Step } from '../steps.ts'
import type { GoingBack } from './going-back.ts'
import type { Seen } from './seen.ts'
import type { Verdict } from './way-back.ts'
import { whileReplicasStay } from './while-replicas-stay.ts'

type Chosen = { verdict: Verdict; seen: Seen; point: FetchedSnapshot | undefined }

const MINUTE_MS = 60_000

/** Carries out one rung of the ladder. @throws StackError when it does not come to its end */
export async function putBack(run: UpgradeRun, going: GoingBack, chosen: Chosen): Promise<void> {
  switch (chosen.verdict.cure) {
    case 'roll-back':
      return await rollBack(run, going)
    case 'former-kubernetes':
      return await formerKubernetes(run, going)
    case 'restore':
      return await restore(run, going, chosen)
    default:
      throw new StackError('bug', `${chosen.verdict.cure} puts nothing back`)
  }
}

async function rollBack(run: UpgradeRun, going: GoingBack): Promise<void> {
  const { leg, before } = going.failed
  const release = leg.kind === 'cert-manager' ? 'cert-manager' : 'rancher'
  const { deployed: revision } = release === 'rancher' ? before.rancher : before.certManager
  if (revision === undefined) throw new StackError('bug', `${release} has no revision to go back to`)
  const proof = release === 'rancher' ? proveRancher(versionBefore(going)) : PROVE_CERT_MANAGER
  const steps = [
    step('roll-back', `Roll ${release} back to revision ${revision}`, 15, {
      room: 'rancher',
      kind: 'roll-back',
      release,
      revision,
    }),
    proof,
  ]
  await act(run, going.lease, chain(steps), inRancher(going))
}

async function formerKubernetes(run: UpgradeRun, going: GoingBack): Promise<void> {
  const { stack, wanted, failed } = going
  const version = failed.leg.kind === 'kubernetes' ? failed.leg.from : ''
  const former = await formerOf(going, version, run.signal)
  const change: Change = { room: 'kubernetes', kind: 'go-back-to', version }
  const steps = [step('go-back-to', `Put Kubernetes ${version} back, one node at a time`, 90, change)]
  await act(run, going.lease, steps, (_change, held, stop) =>
    whileReplicasStay(stack, wanted.hostname, stop, (signal) =>
      stack.distribution.goBackTo(former, stack.hosts, wanted.cluster, held, signal),
    ),
  )
}

/** As it was when the leg began; after a killed run, as it was at the point of return, if that is the same version. */
async function formerOf(
  { stack, failed, upgrading }: GoingBack,
  version: string,
  signal: AbortSignal,
): Promise<Former> {
  if (failed.before.former !== undefined) return failed.before.former
  if (upgrading?.versions.kubernetes === version)
    return await stack.distribution.fetchPoint(upgrading, stack.hosts, signal)
  throw new StackError('kubernetes', `nobody knows any more how Kubernetes ${version} was set up`, {
    stands: 'The cluster is as the upgrade left it.',
    next: 'Run mode upgrade again to go on.',
  })
}

async function restore(run: UpgradeRun, going: GoingBack, { seen, point }: Chosen): Promise<void> {
  const { stack, wanted, lease } = going
  const { distribution } = stack
  if (point === undefined) throw new StackError('bug', 'a restore was chosen without a point of return')
  const { nodes, hostname, loadBalancer, images, stack: name } = wanted.cluster
  const wantedRestore = { stack: name, hostname, nodes, loadBalancer, images, source: point }
  throwRefusals(distribution.refuseRestore(seen.cluster, wantedRestore))
  const steps = distribution.planRestore(seen.cluster, wantedRestore)
  await act(run, lease, steps, (change, held, stop) =>
    distribution.applyRestore(change, stack.hosts, wantedRestore, held, stop),
  )
  await stack.inspect()
  await Promise.all(stack.hosts.reached.map((host) => lease.admit(host)))
  await act(run, lease, [proveRancher(going.upgrading?.versions.rancher)], inRancher(going))
}

/** The version that ran when the leg began. */
function versionBefore({ failed, upgrading }: GoingBack): string | undefined {
  return failed.leg.kind === 'rancher' ? failed.leg.from : upgrading?.versions.rancher
}

const PROVE_CERT_MANAGER = step('prove-cert-manager', "Prove that cert-manager's webhook answers", 6, {
  room: 'rancher',
  kind: 'prove-cert-manager',
})

function proveRancher(version: string | undefined): Step {
  return step('prove-rancher', 'Prove that Rancher is ready', 16, {
    room: 'rancher',
    kind: 'prove-rancher',
    version: version ?? '',
  })
}

function inRancher({ stack, wanted }: GoingBack): Apply {
  return async (change, held, stop) => stack.rancherAt(wanted.hostname).apply(change, await stack.api(), held, stop)
}

function step(id: string, title: string, minutes: number, change: Change): Step {
  return { id, title, deadlineMs: minutes * MINUTE_MS, needs: [], change }
}

function chain(steps: Step[]): Step[] {
  return steps.map((one, at) => ({ ...one, needs: steps.slice(Math.max(0, at - 1), at).map(({ id }) => id) }))
}

/** A way back that was begun goes on to the run's very end. */
async function act(run: UpgradeRun, lease: Lease, steps: Step[], apply: Apply): Promise<void> {
  const { report, signal, clock, settings } = run
  await runSteps(steps, apply, { lease, report, signal, clock, lastStart: settings.deadline })
}
