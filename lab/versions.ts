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
  rancherWebhook: 'v0.7.3',
  shell: 'v0.3.0',
  certManager: 'v1.18.2',
} as const

export const IMAGES = {
  base: 'rancher-ha-lab/base:1',
  machine: 'rancher-ha-lab/machine:1',
  etcd: `rancher-ha-lab/etcd:${VERSIONS.etcd}`,
  tools: `rancher-ha-lab/tools:${VERSIONS.tools}`,
  kubernetes: `rancher-ha-lab/kubernetes:${VERSIONS.kubernetes}-rancher1`,
  pause: `rancher-ha-lab/pause:${VERSIONS.pause}`,
  skipper: `rancher-ha-lab/skipper:${VERSIONS.skipper}`,
  rancher: `rancher-ha-lab/rancher:v${VERSIONS.rancher}`,
  rancherWebhook: `rancher-ha-lab/rancher-webhook:${VERSIONS.rancherWebhook}`,
  shell: `rancher-ha-lab/shell:${VERSIONS.shell}`,
  certManager: `rancher-ha-lab/cert-manager:${VERSIONS.certManager}`,
} as const
