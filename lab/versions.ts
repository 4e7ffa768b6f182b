/** What the lab is made of; the modules in bundle/modules and the stand-ins pin the same numbers. */
export const VERSIONS = {
  rke: 'v1.8.5',
  /** The name rke gives the version; the components themselves are `kubernetes`. */
  rkeKubernetes: 'v1.32.6-rancher1-1',
  kubernetes: 'v1.32.6',
  helm: 'v3.18.6',
  etcd: 'v3.5.35',
  skipper: '0.22.0',
  tools: 'v0.1.103',
  pause: '3.10',
  rancher: '2.11.3',
  shell: 'v0.3.0',
  certManager: 'v1.18.2',
} as const

/** What a stack runs that is yet to be upgraded to `VERSIONS`. */
export const OLDER = {
  // The newest of 1.31 that rke takes and the Go module proxy has with all its parts.
  rkeKubernetes: 'v1.31.4-rancher1-1',
  kubernetes: 'v1.31.4',
  rancher: '2.11.2',
} as const

/** The stand-in's releases that work; `rancher` of `VERSIONS` and of `OLDER` are two of them. */
export const RELEASES = ['2.10.2', '2.10.3', '2.11.2', '2.11.3', '2.11.4'] as const

/**
 * The stand-in's releases that do not work; what the suffix means stands in standin/README.md. They are pre-releases,
 * so none is the latest patch of anything.
 */
export const BROKEN = {
  noImage: '2.11.4-no-image',
  crash: '2.11.4-crash',
  neverReady: '2.11.4-never-ready',
  rewrites: '2.11.4-rewrites',
} as const

/** The image of a release of the stand-in ("2.11.3"). */
export const rancherImage = (release: string) => `rancher-ha-lab/rancher:v${release}`

export const IMAGES = {
  base: 'rancher-ha-lab/base:1',
  machine: 'rancher-ha-lab/machine:1',
  etcd: `rancher-ha-lab/etcd:${VERSIONS.etcd}`,
  tools: `rancher-ha-lab/tools:${VERSIONS.tools}`,
  pause: `rancher-ha-lab/pause:${VERSIONS.pause}`,
  skipper: `rancher-ha-lab/skipper:${VERSIONS.skipper}`,
  shell: `rancher-ha-lab/shell:${VERSIONS.shell}`,
  certManager: `rancher-ha-lab/cert-manager:${VERSIONS.certManager}`,
} as const

/** The image of the components of a version of Kubernetes ("v1.32.6"). */
export const kubernetesImage = (version: string) => `rancher-ha-lab/kubernetes:${version}-rancher1`
