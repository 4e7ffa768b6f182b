import { isDeepStrictEqual } from 'node:util'
import type { RancherSettings } from '../settings.ts'
import type { Change, Step } from '../steps.ts'
import { bare } from '../versions/version.ts'
import { isForeign, standsCertManager } from './cert-manager.ts'
import { cureOf } from './cure.ts'
import {
  CERT_MANAGER_NAMESPACE,
  CERT_MANAGER_RELEASE,
  NAMESPACE,
  type RancherFacts,
  RELEASE,
  type WantedRancher,
} from './facts.ts'
import { isRolledOut } from './inspect.ts'
import type { ReleaseFacts } from './release.ts'
import { digest, type GivenTls, holdsCa, holdsTls } from './tls.ts'
import type { Rollable } from './upgrade.ts'
import { digestSecrets, droppedPaths, mergeValues, overlay, renderValues, type Values, without } from './values.ts'

export type RancherChange = Change & { room: 'rancher' } & (
    | { kind: 'clear-stuck-release'; namespace: string; release: string; revision: number; secret: string }
    | { kind: 'install-cert-manager'; version: string }
    | { kind: 'prove-cert-manager' }
    | { kind: 'write-tls-secrets'; certificate: string; ca: string | undefined }
    | { kind: 'write-tls-ca'; ca: string }
    | { kind: 'take-over-tls'; certificate: string; ca: string | undefined }
    | { kind: 'install-rancher'; version: string; values: Values; dropped: string[][] }
    | { kind: 'restart-rancher' }
    | { kind: 'prove-rancher'; version: string }
    | { kind: 'set-server-url'; url: string }
    | { kind: 'upgrade-cert-manager'; version: string }
    | { kind: 'upgrade-rancher'; version: string }
    | { kind: 'roll-back'; release: Rollable; revision: number }
  )

const MINUTE_MS = 60_000

/** The steps from what stands to what is wanted; empty when nothing differs. Pure. No secret stands in it. */
export function plan(
  facts: RancherFacts,
  wanted: WantedRancher,
  askedLast: Values | undefined,
  settings: RancherSettings,
): Step[] {
  const steps: Step[] = []
  const add = (id: string, title: string, minutes: number, change: RancherChange) => {
    const before = steps.at(-1)
    steps.push({ id, title, deadlineMs: minutes * MINUTE_MS, needs: before ? [before.id] : [], change })
  }

  if (settings.tls.source !== 'secret') planCertManager(facts, wanted, add)
  if (settings.tls.source === 'secret') planTls(facts.tls, settings.tls, add)
  planRelease(facts, wanted, askedLast, settings, add)
  return steps
}

/** As long as the chart asks cert-manager for the certificate, one that is given would be written over: its CA goes first. */
function planTls(facts: RancherFacts['tls'], given: GivenTls, add: Add): void {
  const { certificate, ca } = digests(given)
  if (facts.signed) {
    if (ca === undefined || holdsCa(facts.ca, given)) return
    add('write-tls-ca', 'Write the CA of the TLS certificate', 2, { room: 'rancher', kind: 'write-tls-ca', ca })
  } else if (!holdsTls(facts, given)) {
    const change = { room: 'rancher', kind: 'write-tls-secrets', certificate, ca } as const
    add('write-tls-secrets', 'Write the TLS certificate', 2, change)
  }
}

function digests({ certificate, ca }: GivenTls): { certificate: string; ca: string | undefined } {
  return { certificate: digest(certificate), ca: ca === undefined ? undefined : digest(ca) }
}

type Add = (id: string, title: string, minutes: number, change: RancherChange) => void

function planCertManager(facts: RancherFacts, { certManagerVersion }: WantedRancher, add: Add): void {
  const { release } = facts.certManager
  const stuck = stuckStep('cert-manager', CERT_MANAGER_NAMESPACE, CERT_MANAGER_RELEASE, release, facts.readAt)
  if (stuck !== undefined) add(stuck.id, stuck.title, 2, stuck.change)
  if (!isForeign(facts) && release?.status !== 'deployed' && certManagerVersion !== undefined) {
    add('install-cert-manager', `Install cert-manager ${certManagerVersion}`, 12, {
      room: 'rancher',
      kind: 'install-cert-manager',
      version: certManagerVersion,
    })
  }
  if (!standsCertManager(facts)) {
    add('prove-cert-manager', "Prove that cert-manager's webhook answers", 6, {
      room: 'rancher',
      kind: 'prove-cert-manager',
    })
  }
}

function planRelease(
  facts: RancherFacts,
  wanted: WantedRancher,
  askedLast: Values | undefined,
  settings: RancherSettings,
  add: Add,
): void {
  const { release, deployment, serverUrl, firstLogin, bootstrapSecret } = facts
  const { version, hostname } = wanted
  const stuck = stuckStep('rancher', NAMESPACE, RELEASE, release, facts.readAt)
  if (stuck !== undefined) add(stuck.id, stuck.title, 2, stuck.change)

  const asked = askedValues(facts, wanted, settings)
  const merged = mergeValues(askedLast, asked, release?.values)
  const stands = release?.status === 'deployed' && deployment !== undefined
  const installs = !stands || bare(release.chartVersion) !== bare(version) || !isDeepStrictEqual(merged, release.values)
  if (installs) {
    add('install-rancher', `${release === undefined ? 'Install' : 'Bring'} Rancher ${version}`, 22, {
      room: 'rancher',
      kind: 'install-rancher',
      version,
      values: digestSecrets(merged),
      dropped: droppedPaths(askedLast ?? {}, asked),
    })
  }
  if (settings.tls.source === 'secret' && facts.tls.signed) {
    const change = { room: 'rancher', kind: 'take-over-tls', ...digests(settings.tls) } as const
    add('take-over-tls', 'Take the TLS certificate over from cert-manager', 2, change)
  }
  const restarts = needsRestart(facts, settings)
  if (restarts)
    add('restart-rancher', 'Restart Rancher with its new CA', 16, { room: 'rancher', kind: 'restart-rancher' })
  if (installs || restarts || !isRolledOut(deployment)) {
    add('prove-rancher', 'Prove that Rancher is ready', 16, { room: 'rancher', kind: 'prove-rancher', version })
  }
  const canLogIn = bootstrapSecret || installs
  if (canLogIn && firstLogin !== false && (serverUrl ?? '') === '') {
    const url = `https://${hostname}`
    add('set-server-url', `Set server-url to ${url}`, 6, { room: 'rancher', kind: 'set-server-url', url })
  }
}

/**
 * What this run asks of the chart. The first password is settled once its Secret stands (the chart keeps it
 * whatever the value says), so then it stays as it is live: neither a change nor a drop.
 */
export function askedValues(
  facts: RancherFacts,
  wanted: Pick<WantedRancher, 'hostname' | 'nodeCount'>,
  settings: RancherSettings,
): Values {
  const { hostname, nodeCount } = wanted
  const { bootstrapPassword, tls, helmValues } = settings
  const settled = facts.bootstrapSecret
  const inputs = { hostname, nodeCount, bootstrapPassword: settled ? undefined : bootstrapPassword, tls }
  const asked = overlay(renderValues(inputs), without(helmValues, [['bootstrapPassword']]))
  const live = facts.release?.values['bootstrapPassword']
  return settled && live !== undefined ? { ...asked, bootstrapPassword: live } : asked
}

/** Rancher reads its CA when it starts: a pod older than the CA in Secret tls-ca still gives out the former one. */
function needsRestart({ tls, pods }: RancherFacts, { tls: given }: RancherSettings): boolean {
  if (given.source !== 'secret' || given.ca === undefined || pods.length === 0) return false
  if (!holdsCa(tls.ca, given)) return true
  const { writtenAt } = tls.ca ?? {}
  return writtenAt !== undefined && pods.some(({ createdAt }) => createdAt !== undefined && createdAt < writtenAt)
}

function stuckStep(
  name: string,
  namespace: string,
  release: string,
  facts: ReleaseFacts | undefined,
  now: Date,
): { id: string; title: string; change: RancherChange } | undefined {
  const cure = cureOf(facts, now)
  if (cure.kind !== 'forget') return undefined
  const { revision, secret, status } = cure
  return {
    id: `clear-stuck-release-${name}`,
    title: `Clear Helm's revision ${revision} of ${name}, left "${status}" by a call that was ended`,
    change: { room: 'rancher', kind: 'clear-stuck-release', namespace, release, revision, secret },
  }
}
