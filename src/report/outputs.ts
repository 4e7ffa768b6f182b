/** The outputs of this version, as action.yml declares them. */
export const OUTPUTS = [
  'rancher-url',
  'rancher-ca',
  'changed',
  'plan',
  'plan-digest',
  'conformance',
  'nodes',
  'load-balancer',
  'kubernetes-version',
  'rancher-version',
  'cluster-uid',
  'kubeconfig',
  'expires',
  'error-kind',
] as const

export type OutputName = (typeof OUTPUTS)[number]
