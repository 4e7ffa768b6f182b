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
  'snapshot-name',
  'snapshot-path',
  'snapshot-artifact-id',
  'snapshot-url',
  'snapshot-sha256',
  'snapshot-size',
  'snapshot-revision',
  'snapshot-signer',
  'expires',
  'error-kind',
] as const

export type OutputName = (typeof OUTPUTS)[number]
