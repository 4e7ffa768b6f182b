import { throwRefusals } from '../errors.ts'
import type { BackupRun, Outcome } from '../run.ts'
import { runSteps } from '../run-steps.ts'
import type { Snapshots } from '../snapshots/snapshot.ts'
import { planDigest } from '../steps.ts'
import { backupWork } from './backup-work.ts'
import { throwUnexpected } from './expected-plan.ts'
import { firstLook } from './first-look.ts'
import { openSnapshots } from './open-snapshots.ts'
import { tellStack } from './outcome.ts'
import { planBackup, refuseBackup, warnings } from './plan-backup.ts'
import { hostnameOf } from './prove.ts'
import { openStack, type Stack } from './stack.ts'
import { tellListed } from './tell-snapshot.ts'

/** Takes a snapshot of a running cluster, makes sure it is worth something, and keeps it off the nodes. */
export async function backup(run: BackupRun): Promise<Outcome> {
  const { settings, report, signal, clock } = run
  for (const text of warnings(settings)) report.warning(text)
  await using stack = await openStack(run)
  const snapshots = await openSnapshots(run, stack)
  const seen = await firstLook(run, stack)
  tellStack(report, seen, hostnameOf(run, seen))
  throwRefusals(refuseBackup(seen))
  throwRefusals(await preflight(run, stack, snapshots))

  const signerPem = await stack.distribution.readSigner(stack.hosts)
  const plan = planBackup(settings, signerPem !== undefined)
  const digest = planDigest(plan)
  report.plan(plan, digest)
  throwUnexpected(digest, settings.expectedPlan)
  if (settings.dryRun) return { changed: false }

  await using lease = await stack.lease(seen.infrastructure.nodes.map(({ name }) => name))
  await run.begin()
  const work = backupWork(run, { stack, snapshots, seen, signerPem })
  await runSteps(plan, work.apply, { lease, report, signal, clock, lastStart: settings.lastStart })
  await tellListed(report, snapshots, work.removed, signal)
  return { changed: true }
}

/** All that can be known to fail before a node is touched: places, permissions, room, programs. */
async function preflight({ settings }: BackupRun, stack: Stack, snapshots: Snapshots) {
  const { keepLast, keepDays } = settings.retention
  const needs = { write: true, remove: keepLast !== undefined || keepDays !== undefined }
  const [places, nodes] = await Promise.all([
    snapshots.preflight(needs),
    stack.distribution.refuseSnapshot(stack.hosts),
    stack.tools.rke(),
    settings.verify === 'restore' ? stack.tools.etcd() : undefined,
  ])
  return [...places, ...nodes]
}
