import { z } from 'zod'
import type { AvailableMode } from '../mode.ts'
import { parseCertificates } from './certificate.ts'
import { parseChart, parseDigest, parseEmail, parseNodeCount, parseStackName, parseUid, parseUser } from './choice.ts'
import { parseDuration } from './duration.ts'
import { Expected, parseBoolean, parseLines, parseOneOf } from './expected.ts'
import { parseEndpoint, parseHosts } from './host.ts'
import { parseAddress, parseHostname } from './hostname.ts'
import { parseKnownHosts } from './known-hosts.ts'
import { parsePemKey, parsePrivateKeys } from './private-key.ts'
import { parseRegistryCredentials } from './registry-credentials.ts'
import { parseExactVersion, parseVersionOrPatch } from './version.ts'
import { parseYamlMap } from './yaml-map.ts'

export const PROVIDERS = ['hosts', 'local'] as const
export const DISTRIBUTIONS = ['rke'] as const
export const TLS_SOURCES = ['rancher', 'letsEncrypt', 'secret'] as const
export const DEFAULT_USER = 'root'

/** Inputs that are secrets: masked before anything else is done, and never repeated. */
export const SECRETS = [
  'ssh-private-key',
  'bootstrap-password',
  'rancher-token',
  'tls-private-key',
  'registry-credentials',
  'rke-state',
] as const

const text = (value: string) => value

/** Inputs of every mode. @param user who a host without "user@" is reached as */
const common = (user: string) => ({
  provider: field((value) => parseOneOf(value, PROVIDERS, ['aws', 'gce'])).optional(),
  name: field(parseStackName).default('rancher'),
  hosts: field((value) => parseHosts(value, user)).optional(),
  'load-balancer': field(parseAddress).optional(),
  'force-nodes': field(parseLines).default([]),
  'ssh-user': field(parseUser).default(DEFAULT_USER),
  'ssh-private-key': field(parsePrivateKeys).default([]),
  'ssh-known-hosts': field(parseKnownHosts).default([]),
  'ssh-bastion': field((value) => bastion(value, user)).optional(),
  'local-image': field(text).optional(),
  'airgap-bundle': field(text).optional(),
  'tool-mirror': field(parseMirror).optional(),
  'rke-version': field(parseExactVersion).optional(),
  'helm-version': field(parseExactVersion).optional(),
  'wait-for-lease': field(parseDuration).default(0),
  timeout: field(parseDuration).default(5.5 * 3_600_000),
})

/** Inputs of modes that change something. */
const changing = {
  'dry-run': field(parseBoolean).default(false),
  'expected-plan': field(parseDigest).optional(),
}

const install = (user: string) =>
  z.object({
    ...common(user),
    ...changing,
    hostname: field(parseHostname).optional(),
    'node-count': field(parseNodeCount).default(3),
    distribution: field((value) => parseOneOf(value, DISTRIBUTIONS, ['rke2', 'k3s'])).optional(),
    'kubernetes-version': field(parseVersionOrPatch).optional(),
    'rancher-version': field(parseVersionOrPatch).optional(),
    'cert-manager-version': field(parseExactVersion).optional(),
    'rancher-chart': field(parseChart).default('stable'),
    'helm-values': field(parseYamlMap).default({}),
    'rke-config': field(parseYamlMap).default({}),
    'rke-state': field(text).optional(),
    'new-cluster': field(parseBoolean).default(false),
    'cluster-uid': field(parseUid).optional(),
    'bootstrap-password': field(text).optional(),
    'rancher-token': field(text).optional(),
    'registry-credentials': field(parseRegistryCredentials).default([]),
    'tls-source': field((value) => parseOneOf(value, TLS_SOURCES)).default('rancher'),
    'tls-certificate': field(parseCertificates).optional(),
    'tls-private-key': field(parsePemKey).optional(),
    'tls-ca': field(parseCertificates).optional(),
    'letsencrypt-email': field(parseEmail).optional(),
  })

const status = (user: string) => z.object({ ...common(user), 'rancher-token': field(text).optional() })

const destroy = (user: string) => z.object({ ...common(user), ...changing, confirm: field(text).optional() })

/** One schema a mode, on a common base. */
export const schemas = { install, status, destroy } satisfies Record<AvailableMode, unknown>

export type CommonValues = StatusValues
export type InstallValues = z.output<ReturnType<typeof install>>
export type StatusValues = z.output<ReturnType<typeof status>>
export type DestroyValues = z.output<ReturnType<typeof destroy>>

/** Every input some mode takes; `mode` aside. */
export function inputNames(): Set<string> {
  return new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema(DEFAULT_USER).shape)))
}

/** A parser that throws Expected, as a schema. What it got instead, if that may be told, stands in the issue's params. */
function field<T>(parse: (value: string) => T) {
  return z.string().transform((value, context) => {
    try {
      return parse(value)
    } catch (thrown) {
      if (!(thrown instanceof Expected)) throw thrown
      context.addIssue({ code: 'custom', message: thrown.message, params: { got: thrown.got } })
      return z.NEVER
    }
  })
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
