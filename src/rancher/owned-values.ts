import type { Refusal } from '../errors.ts'
import { type Inputs, isTree, overlay, renderValues, type Values } from './values.ts'

type Rule = { path: string; allowed: (value: unknown, rendered: Values) => boolean; why: string; next: string }

const LAYER_4 = 'TLS is ended by the ingress controller, behind a layer 4 load balancer.'
const PORT_80 = 'The ingress controller forwards to port 80 of the pods.'
const LEAVE_OUT = 'Leave it out of helm-values.'

/**
 * What in `helm-values` contradicts the inputs or the architecture; the same value said twice is fine.
 *
 * @param live values of the release that stand where the inputs ask for nothing
 */
export function refuseValues(helmValues: Values, inputs: Inputs, live: Values = {}): Refusal[] {
  const rendered = overlay(live, renderValues(inputs))
  return rules(inputs.nodeCount).flatMap(({ path, allowed, why, next }) => {
    const value = at(helmValues, path)
    if (value === undefined || allowed(value, rendered)) return []
    // A password is not repeated in an error.
    const got = path === 'bootstrapPassword' ? 'another one' : JSON.stringify(value)
    return [{ kind: 'input', subject: 'helm-values', what: `${path}: got ${got}. ${why}`, next }]
  })
}

function rules(nodeCount: number): Rule[] {
  const sameAs = (path: string) => (value: unknown, rendered: Values) => value === at(rendered, path)
  const only =
    (...values: unknown[]) =>
    (value: unknown) =>
      values.includes(value)
  return [
    { path: 'hostname', allowed: sameAs('hostname'), why: 'It is the input hostname.', next: LEAVE_OUT },
    {
      path: 'replicas',
      allowed: only(nodeCount),
      why: `Each of the ${nodeCount} nodes has one replica.`,
      next: LEAVE_OUT,
    },
    {
      path: 'ingress.tls.source',
      allowed: sameAs('ingress.tls.source'),
      why: 'It is the input tls-source.',
      next: 'Set the input tls-source, with mode install.',
    },
    {
      path: 'bootstrapPassword',
      allowed: sameAs('bootstrapPassword'),
      why: 'It is the input bootstrap-password, which is masked.',
      next: 'Set the input bootstrap-password.',
    },
    {
      path: 'privateCA',
      allowed: (value, rendered) => value === (at(rendered, 'privateCA') ?? false),
      why: 'It follows from the input tls-ca.',
      next: 'Set the input tls-ca.',
    },
    {
      path: 'ingress.tls.secretName',
      allowed: only('tls-rancher-ingress'),
      why: 'The certificate is kept in tls-rancher-ingress.',
      next: LEAVE_OUT,
    },
    { path: 'tls', allowed: only('ingress'), why: LAYER_4, next: LEAVE_OUT },
    { path: 'ingress.enabled', allowed: only(true), why: LAYER_4, next: LEAVE_OUT },
    { path: 'networkExposure.type', allowed: only('ingress'), why: LAYER_4, next: LEAVE_OUT },
    { path: 'ingress.servicePort', allowed: only(80), why: PORT_80, next: LEAVE_OUT },
    { path: 'service.disableHTTP', allowed: only(false), why: PORT_80, next: LEAVE_OUT },
  ]
}

function at(values: Values, path: string): unknown {
  return path.split('.').reduce<unknown>((below, key) => (isTree(below) ? below[key] : undefined), values)
}
