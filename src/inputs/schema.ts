import * as z from 'zod/mini'
import type { Mode } from '../settings.ts'
import type { Place } from '../snapshots/snapshot.ts'
import { aws, clouds } from './aws.ts'
import { parseCertificates } from './certificate.ts'
import {
  parseChart,
  parseDigest,
  parseEmail,
  parseEnvironment,
  parseNodeCount,
  parseStackName,
  parseUid,
  parseUser,
} from './choice.ts'
import { parseDuration, parseLife } from './duration.ts'
import { Expected, parseBoolean, parseLines, parseOneOf } from './expected.ts'
import { parseEndpoint, parseHosts } from './host.ts'
import { parseAddress, parseHostname } from './hostname.ts'
import { parseKnownHosts } from './known-hosts.ts'
import { parsePemKey, parsePrivateKeys } from './private-key.ts'
import { parseRegistryCredentials } from './registry-credentials.ts'
import {
  parseCount,
  parseIdentities,
  parsePlaces,
  parseRecipients,
  parseRestoreFrom,
  parseSigners,
} from './snapshots.ts'
import { parseExactVersion, parseVersionOrPatch } from './version.ts'

export const PROVIDERS = ['aws', 'hosts', 'local'] as const
export const DISTRIBUTIONS = ['rke'] as const
export const TLS_SOURCES = ['rancher', 'letsEncrypt', 'secret'] as const
export const VERIFIES = ['hash', 'restore'] as const
export const WAYS_BACK = ['restore', 'keep'] as const
export const DEFAULT_USER = 'root'
/** Of a stack on machines that only one stack may use; where many stand side by side the name must be said. */
export const DEFAULT_NAME = 'rancher'

/** Inputs that are secrets: masked before anything else is done, and never repeated. */
export const SECRETS = [
  'ssh-private-key',
  'bootstrap-password',
  'rancher-token',
  'tls-private-key',
  'registry-credentials',
  'rke-state',
  'backup-identity',
  'github-token',
] as const

// Each schema is used once: compiling it costs more than it saves.
z.config({ jitless: true })

const text = (value: string) => value

/** Inputs of every mode. @param user who a host without "user@" is reached as */
const common = (user: string) => ({
  provider: given((value) => parseOneOf(value, PROVIDERS, ['gce'])),
  name: given(parseStackName),
  hosts: given((value) => parseHosts(value, user)),
  'load-balancer': given(parseAddress),
  'force-nodes': or([], parseLines),
  'ssh-user': or(DEFAULT_USER, parseUser),
  'ssh-private-key': or([], parsePrivateKeys),
  'ssh-known-hosts': or([], parseKnownHosts),
  'ssh-bastion': given((value) => bastion(value, user)),
  'local-image': given(text),
  ...aws(given, or),
  ...clouds(given, or),
  'airgap-bundle': given(text),
  'tool-mirror': given(parseMirror),
  'rke-version': given(parseExactVersion),
  'helm-version': given(parseExactVersion),
  'wait-for-lease': or(0, parseDuration),
  timeout: or(5.5 * 3_600_000, parseDuration),
  'github-token': given(text),
  comment: or(false, parseBoolean),
  environment: given(parseEnvironment),
  'failure-issue': or(false, parseBoolean),
})

/** Inputs of modes that change something. */
const changing = {
  'dry-run': or(false, parseBoolean),
  'expected-plan': given(parseDigest),
}

const install = ({ user, parseYamlMap }: Context) =>
  z.object({
    ...common(user),
    ...changing,
    hostname: given(parseHostname),
    'node-count': or(3, parseNodeCount),
    distribution: given((value) => parseOneOf(value, DISTRIBUTIONS, ['rke2', 'k3s'])),
    'kubernetes-version': given(parseVersionOrPatch),
    'rancher-version': given(parseVersionOrPatch),
    'cert-manager-version': given(parseExactVersion),
    'rancher-chart': or('stable', parseChart),
    'helm-values': or({}, parseYamlMap),
    'rke-config': or({}, parseYamlMap),
    'rke-state': given(text),
    'new-cluster': or(false, parseBoolean),
    'cluster-uid': given(parseUid),
    'bootstrap-password': given(text),
    'rancher-token': given(text),
    'registry-credentials': or([], parseRegistryCredentials),
    'tls-source': or('rancher', (value) => parseOneOf(value, TLS_SOURCES)),
    'tls-certificate': given(parseCertificates),
    'tls-private-key': given(parsePemKey),
    'tls-ca': given(parseCertificates),
    'letsencrypt-email': given(parseEmail),
    'dns-wait': or(15 * 60_000, parseDuration),
    ttl: given(parseLife),
  })

const ARTIFACT: Place[] = [{ kind: 'artifact' }]

/** Inputs of modes that look at stored snapshots. */
const snapshots = {
  'backup-to': or(ARTIFACT, parsePlaces),
  'github-token': given(text),
}

/** What is not given stays as it runs; certificates and the first password are not asked for. */
const upgrade = ({ user, parseYamlMap }: Context) =>
  z.object({
    ...common(user),
    ...snapshots,
    ...changing,
    hostname: given(parseHostname),
    'node-count': given(parseNodeCount),
    'kubernetes-version': given(parseVersionOrPatch),
    'rancher-version': given(parseVersionOrPatch),
    'cert-manager-version': given(parseVersionOrPatch),
    'rancher-chart': or('stable', parseChart),
    'helm-values': or({}, parseYamlMap),
    'rke-config': or({}, parseYamlMap),
    'rancher-token': given(text),
    'registry-credentials': or([], parseRegistryCredentials),
    'backup-recipients': or([], parseRecipients),
    'backup-verify': or('restore', (value) => parseOneOf(value, VERIFIES)),
    'retention-days': given((value) => parseCount(value, 400)),
    'restore-window': or(3_600_000, parseDuration),
    'on-failure': or('restore', (value) => parseOneOf(value, WAYS_BACK)),
  })

const backup = ({ user }: Context) =>
  z.object({
    ...common(user),
    ...snapshots,
    ...changing,
    'backup-recipients': or([], parseRecipients),
    'backup-verify': or('hash', (value) => parseOneOf(value, VERIFIES)),
    'keep-last': given((value) => parseCount(value)),
    'keep-days': given((value) => parseCount(value)),
    'retention-days': given((value) => parseCount(value, 400)),
    'accept-drop': or(false, parseBoolean),
  })

const restore = ({ user }: Context) =>
  z.object({
    ...common(user),
    ...snapshots,
    ...changing,
    'backup-recipients': or([], parseRecipients),
    'backup-identity': or([], parseIdentities),
    'snapshot-signer': or([], parseSigners),
    unsigned: or(false, parseBoolean),
    'retention-days': given((value) => parseCount(value, 400)),
    'restore-from': given(parseRestoreFrom),
    'last-snapshot': or(true, parseBoolean),
    'node-count': given(parseNodeCount),
    'cluster-uid': given(parseUid),
    'rancher-token': given(text),
  })

const status = ({ user }: Context) =>
  z.object({
    ...common(user),
    ...snapshots,
    'max-snapshot-age': given(parseDuration),
    'rancher-token': given(text),
  })

const destroy = ({ user }: Context) =>
  z.object({
    ...common(user),
    ...snapshots,
    ...changing,
    confirm: given(text),
    'backup-recipients': or([], parseRecipients),
    'retention-days': given((value) => parseCount(value, 400)),
    'last-snapshot': or(true, parseBoolean),
  })

const sweep = ({ user }: Context) => z.object({ ...common(user), 'dry-run': changing['dry-run'] })

/** What the schemas are made with. */
export type Context = {
  /** Who a host without "user@" is reached as. */
  user: string
  /** Handed in because it brings a library that most runs do without. */
  parseYamlMap(text: string): Record<string, unknown>
}

/** One schema a mode, on a common base. */
export const schemas = { install, upgrade, backup, restore, status, destroy, sweep } satisfies Record<Mode, unknown>

export type CommonValues = z.output<z.ZodMiniObject<ReturnType<typeof common>>>
export type InstallValues = z.output<ReturnType<typeof install>>
export type UpgradeValues = z.output<ReturnType<typeof upgrade>>
export type BackupValues = z.output<ReturnType<typeof backup>>
export type RestoreValues = z.output<ReturnType<typeof restore>>
export type StatusValues = z.output<ReturnType<typeof status>>
export type DestroyValues = z.output<ReturnType<typeof destroy>>
export type SweepValues = z.output<ReturnType<typeof sweep>>

const NO_CONTEXT: Context = { user: DEFAULT_USER, parseYamlMap: () => ({}) }

/** Every input some mode takes; `mode` aside. */
export function inputNames(): Set<string> {
  return new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema(NO_CONTEXT).shape)))
}

/** The modes that take an input, in the order of the schemas; empty when none does. */
export function modesOf(name: string): string[] {
  return Object.entries(schemas).flatMap(([mode, schema]) => (name in schema(NO_CONTEXT).shape ? [mode] : []))
}

/** An input that may be left out. */
function given<T>(parse: (value: string) => T) {
  return z.optional(field(parse))
}

/** An input with a default. */
function or<T>(value: NoInfer<T>, parse: (value: string) => T) {
  return z._default(field(parse), () => value as z.util.NoUndefined<T>)
}

/** A parser that throws Expected, as a schema. What it got instead, if that may be told, stands in the issue's params. */
function field<T>(parse: (value: string) => T): z.ZodMiniType<T, string> {
  const transform = z.transform((value: string, context) => {
    try {
      return parse(value)
    } catch (thrown) {
      if (!(thrown instanceof Expected)) throw thrown
      context.issues.push({ code: 'custom', message: thrown.message, params: { got: thrown.got }, input: value })
      return z.NEVER
    }
  })
  return z.pipe(z.string(), transform)
}

function bastion(value: string, user: string): string {
  parseEndpoint(value, user)
  return value
}

/** A base URL without its last slash. */
function parseMirror(value: string): string {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Expected('an http or https URL')
  return value.replace(/\/+$/, '')
}
