import { createHash } from 'node:crypto'
import type { TlsSettings } from '../settings.ts'

/** A Helm values tree: objects are merged, everything else, lists too, is one value. */
export type Values = Record<string, unknown>

export type Inputs = { hostname: string; nodeCount: number; bootstrapPassword: string | undefined; tls: TlsSettings }

/**
 * The chart values that follow from inputs. Those in OWNED may not be contradicted by `helm-values`.
 *
 * `antiAffinity: required`, because `preferred` lets two replicas share a node for good after one was away.
 * A rolling update does not hang on it: from two replicas on the chart allows one to be unavailable, and its
 * node takes the new one (chart/templates/deployment.yaml: maxUnavailable is 0 for one replica only).
 *
 * `agentTLSMode: system-store` where the CA is a public one: since 2.9 new installs are strict, and strict
 * agents trust nothing but the CA Rancher was given.
 */
export function renderValues({ hostname, nodeCount, bootstrapPassword, tls }: Inputs): Values {
  const isPublic = tls.source === 'letsEncrypt' || (tls.source === 'secret' && tls.ca === undefined)
  return {
    hostname,
    replicas: nodeCount,
    antiAffinity: 'required',
    ...(tls.source !== 'running' && { ingress: { tls: { source: tls.source } } }),
    ...(tls.source === 'letsEncrypt' && { letsEncrypt: { email: tls.email } }),
    ...(tls.source === 'secret' && tls.ca !== undefined && { privateCA: true }),
    ...(isPublic && { agentTLSMode: 'system-store' }),
    ...(bootstrapPassword !== undefined && { bootstrapPassword }),
  }
}

/** The values to install with: what stands live, without what was asked last and is no longer, with what is asked now. */
export function mergeValues(askedLast: Values | undefined, askedNow: Values, live: Values | undefined): Values {
  return overlay(without(live ?? {}, droppedPaths(askedLast ?? {}, askedNow)), askedNow)
}

/** Paths of the values that were asked last and are not any more. */
export function droppedPaths(askedLast: Values, askedNow: Values): string[][] {
  return Object.entries(askedLast).flatMap(([key, last]) => {
    if (!Object.hasOwn(askedNow, key))
      return isTree(last) && Object.keys(last).length > 0 ? leaves(last, [key]) : [[key]]
    const now = askedNow[key]
    return isTree(last) && isTree(now) ? droppedPaths(last, now).map((path) => [key, ...path]) : []
  })
}

/** `base` without the given paths; a tree that is left empty by it goes too. */
export function without(base: Values, paths: string[][]): Values {
  const kept: Values = {}
  for (const [key, value] of Object.entries(base)) {
    const inside = paths.filter(([first]) => first === key).map(([, ...rest]) => rest)
    if (inside.some((rest) => rest.length === 0)) continue
    if (inside.length === 0 || !isTree(value)) {
      put(kept, key, value)
      continue
    }
    const left = without(value, inside)
    if (Object.keys(left).length > 0) put(kept, key, left)
  }
  return kept
}

/** `base` with `over` on top, tree by tree; neither is changed. */
export function overlay(base: Values, over: Values): Values {
  const merged: Values = {}
  for (const [key, value] of Object.entries(base)) put(merged, key, value)
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(merged, key) ? merged[key] : undefined
    put(merged, key, isTree(below) && isTree(value) ? overlay(below, value) : value)
  }
  return merged
}

const SECRET_NAME = /pass|secret|token|credential|auth|(?:access|api|private|encryption)[-_]?key|proxy$/i
const URL_WITH_LOGIN = /:\/\/[^/@\s]+@/

/** The values with every text that may be a secret in its digest's place, so that they can be kept and printed. */
export function digestSecrets(values: Values): Values {
  return digested(values, false) as Values
}

function digested(value: unknown, secret: boolean): unknown {
  if (Array.isArray(value)) return value.map((entry) => digested(entry, secret))
  if (isTree(value)) {
    const named = secret || SECRET_NAME.test(String(value['name'] ?? ''))
    const copy: Values = {}
    for (const [key, below] of Object.entries(value)) {
      put(copy, key, digested(below, (named && key !== 'name') || SECRET_NAME.test(key)))
    }
    return copy
  }
  const tells = typeof value === 'string' && URL_WITH_LOGIN.test(value)
  if (!(secret || tells) || value === null || typeof value === 'boolean') return value
  const digest = createHash('sha256').update(String(value)).digest('hex')
  return `sha256:${digest.slice(0, 16)}`
}

function leaves(tree: Values, at: string[]): string[][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) && Object.keys(value).length > 0 ? leaves(value, [...at, key]) : [[...at, key]],
  )
}

/** A key of any name, "__proto__" among them, as an own property. */
function put(tree: Values, key: string, value: unknown): void {
  Object.defineProperty(tree, key, { value, enumerable: true, writable: true, configurable: true })
}

export function isTree(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
