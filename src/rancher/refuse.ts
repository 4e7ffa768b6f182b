import type { Refusal } from '../errors.ts'
import type { RancherSettings } from '../settings.ts'
import { fits } from '../versions/fits.ts'
import { bare } from '../versions/version.ts'
import { cureOf } from './cure.ts'
import type { RancherFacts, WantedRancher } from './facts.ts'
import { refuseValues } from './owned-values.ts'
import type { ReleaseFacts } from './release.ts'

/** What stands against installing, all at once; `settings` are those of the run. Pure. */
export function refuse(facts: RancherFacts, wanted: WantedRancher, settings: RancherSettings): Refusal[] {
  const { hostname, nodeCount, helmVersion, distribution, certManagerVersion } = wanted
  const { bootstrapPassword, tls, helmValues } = settings
  return [
    ...refuseHostname(facts, hostname),
    ...refuseChanged('rancher-version', 'Rancher', facts.release, settings.version),
    ...refusePath(wanted, settings.chart),
    ...fits({
      rancher: wanted.version,
      kubernetes: wanted.kubernetesVersion,
      distribution,
      helm: helmVersion,
      certManager: certManagerVersion,
    }),
    ...refuseChanged('cert-manager-version', 'cert-manager', facts.certManager.release, settings.certManagerVersion),
    ...refuseValues(helmValues, { hostname, nodeCount, bootstrapPassword, tls }),
    ...refusePending('rancher', facts.release, facts.readAt),
    ...refusePending('cert-manager', certManagerVersion && facts.certManager.release, facts.readAt),
  ]
}

export function refuseHostname({ release, serverUrl }: RancherFacts, hostname: string): Refusal[] {
  const known = [hostOf(serverUrl), release?.values['hostname']]
  const other = known.find((value) => typeof value === 'string' && value !== '' && value !== hostname)
  if (other === undefined) return []
  return [
    {
      kind: 'preflight',
      subject: 'hostname',
      what: `this Rancher answers to ${other}, got ${hostname}; the name of a live Rancher cannot change.`,
      next: `Set hostname to ${other}, or make a new stack under another name.`,
    },
  ]
}

/** `latest-patch` is met by what runs: a newer patch is an upgrade, and it would turn a scheduled install red. */
function refuseChanged(subject: string, name: string, release: ReleaseFacts | undefined, asked?: string): Refusal[] {
  const running = release?.deployed?.chartVersion
  if (running === undefined || asked === undefined || asked === 'latest-patch') return []
  if (bare(asked) === bare(running)) return []
  return [
    {
      kind: 'preflight',
      subject,
      what: `${name} ${running} is running, asked is ${asked}; install does not change a running version.`,
      next: `Run mode upgrade, or set ${subject} to ${running} or leave it out.`,
    },
  ]
}

function refusePath({ version, versionFrom, pathVersion }: WantedRancher, chart: string): Refusal[] {
  if (pathVersion === undefined || bare(pathVersion) === bare(version)) return []
  const source = versionFrom === 'running' ? 'running' : 'asked'
  return [
    {
      kind: 'preflight',
      subject: 'rancher-chart',
      what: `${chart} is version ${pathVersion}, ${source} is ${version}.`,
      next: `Give the chart of ${version}${versionFrom === 'running' ? ', or run mode upgrade' : ''}.`,
    },
  ]
}

export function refusePending(name: string, release: ReleaseFacts | undefined | '', now: Date): Refusal[] {
  const cure = cureOf(release || undefined, now)
  if (cure.kind !== 'wait') return []
  const since = cure.begunAt === undefined ? 'an unknown time' : cure.begunAt.toISOString()
  return [
    {
      kind: 'preflight',
      subject: name,
      what: `Helm release ${name} is "${cure.status}" since ${since}, by a call of Helm that is not this action's.`,
      next: 'Wait until it ends and run again; if it is dead, a run 15 minutes after its start takes over.',
    },
  ]
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined
}
